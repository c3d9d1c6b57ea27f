import { check } from "../../errors.js";
import type { Vjp } from "../../op.js";
import type { CrossEntropyParams } from "./op.js";

/** The gradient of the loss is the op's second output, so the loss must be what is differentiated. */
export const softmaxCrossEntropyVjp: Vjp<CrossEntropyParams> = ({ outputs, outputGrad, needs }) => {
  check(
    outputGrad === undefined,
    "E_GRAPH",
    () => "softmaxCrossEntropy: must be the last op, but another op uses its loss; differentiate the loss itself",
  );
  check(!needs(2), "E_GRAPH", () => "softmaxCrossEntropy: its weights cannot be trained; freeze them");
  return [outputs[1]];
};
