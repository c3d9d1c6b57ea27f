import { check } from "../../errors.js";
import type { Vjp } from "../../op.js";

/** The gradient of a loss is the op's second output, so the loss must be what is differentiated. */
export const lossVjp =
  (op: string): Vjp<unknown> =>
  ({ outputs, outputGrad, needs }) => {
    check(
      outputGrad === undefined,
      "E_GRAPH",
      () => `${op}: must be the last op, but another op uses its loss; differentiate the loss itself`,
    );
    check(!needs(1), "E_GRAPH", () => `${op}: its targets cannot be trained; freeze what computes them`);
    check(!needs(2), "E_GRAPH", () => `${op}: its weights cannot be trained; freeze them`);
    return [outputs[1]];
  };
