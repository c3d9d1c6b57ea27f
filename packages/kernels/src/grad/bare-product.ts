import { check } from "../errors.js";
import type { Value, VjpArgs } from "../op.js";
import type { Activation, Curve } from "../wgsl/functions.js";

/**
 * The factors of a product or a convolution without an epilogue, and the gradient of its result.
 * Throws E_GRAPH for one with bias, residual or activation in its epilogue, and for one that is itself the loss.
 */
export function bareProduct<P extends { readonly activation?: Activation | Curve }>(
  op: string,
  { inputs, outputs, outputGrad, params }: VjpArgs<P>,
): [a: Value, b: Value, dy: Value] {
  const { activation = "none" } = params;
  const { path } = outputs[0]!;
  check(
    inputs.length === 2 && activation === "none",
    "E_GRAPH",
    () =>
      `${op} "${path}": expected two inputs and activation none, found ${inputs.length} inputs and activation ${activation}; differentiate before fusing epilogues`,
  );
  check(
    outputGrad !== undefined,
    "E_GRAPH",
    () => `${op} "${path}": expected a loss op after it, found that it is the loss itself`,
  );
  return [inputs[0]!, inputs[1]!, outputGrad];
}
