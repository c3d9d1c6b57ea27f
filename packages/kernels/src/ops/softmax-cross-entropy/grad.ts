import { check } from "../../errors.js";
import type { NoParams, Vjp } from "../../op.js";

/** The gradient of the loss is the op's second output, so the loss must be what is differentiated. */
export const softmaxCrossEntropyVjp: Vjp<NoParams> = ({ outputs, outputGrad, needs }) => {
  check(
    outputGrad === undefined,
    "E_GRAPH",
    () => "softmaxCrossEntropy: must be the last op, but another op uses its loss; differentiate the loss itself",
  );
  check(!needs(2), "E_GRAPH", () => "softmaxCrossEntropy: its weights cannot be trained; freeze them");
  return [outputs[1]];
};
