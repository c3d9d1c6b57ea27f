import { check } from "../../errors.js";
import type { Value, Vjp } from "../../op.js";
import { columnSums } from "../column-sums/op.js";
import { batchNormInputGrad } from "./input-grad.js";
import type { BatchNormTrainingParams } from "./op.js";
import { batchNormParamGrad } from "./param-grad.js";

/** dx takes the sums that are the gradients of weight and bias, so it asks for them even where both are frozen. */
export const batchNormTrainingVjp: Vjp<BatchNormTrainingParams> = (
  { inputs, outputs, params, outputGrad: dy, needs },
  emit,
) => {
  check(
    (params.activation ?? "none") === "none" && inputs.length === 5,
    "E_GRAPH",
    () =>
      `batchNormTraining: expected activation none and no residual, found ${params.activation ?? "none"} and ${inputs.length} inputs; differentiate before fusing`,
  );
  if (!dy) return [];
  if (!needs(0) && !needs(1)) return [undefined, undefined, needs(2) ? emit.apply(columnSums, [dy], {})[0] : undefined];
  const [x, weight] = inputs as [Value, Value];
  const [, mean, rstd] = outputs as [Value, Value, Value];
  const [dweight, dbias] = emit.apply(batchNormParamGrad, [x, mean, rstd, dy], {}) as [Value, Value];
  const dx = needs(0) ? emit.apply(batchNormInputGrad, [x, weight, mean, rstd, dy, dweight, dbias], {})[0] : undefined;
  return [dx, needs(1) ? dweight : undefined, needs(2) ? dbias : undefined];
};
