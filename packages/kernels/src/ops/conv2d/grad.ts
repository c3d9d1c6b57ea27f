/**
 * Gradients of the convolution.
 *
 *   y = conv2d(x, w)   dx = conv2dInputGrad(dy, w)   dw = conv2dWeightGrad(x, dy)
 *
 * Throws   E_GRAPH for a convolution with bias, residual or activation in its epilogue, and for one that is itself the loss
 */
import { check } from "../../errors.js";
import type { Value, Vjp, VjpArgs } from "../../op.js";
import { conv2dInputGrad } from "../conv2d-grad/input-grad.js";
import { conv2dWeightGrad } from "../conv2d-grad/weight-grad.js";
import type { ConvParams, WindowParams } from "./geometry.js";

/** x, w and the gradient of y of a convolution without an epilogue. */
export function bareConvolution<P extends WindowParams>(
  op: string,
  { inputs, outputs, outputGrad, params }: VjpArgs<P>,
): [x: Value, w: Value, dy: Value] {
  const { path } = outputs[0]!;
  check(
    inputs.length === 2 && params.activation === "none",
    "E_GRAPH",
    () =>
      `${op} "${path}": expected inputs x and w and activation none, found ${inputs.length} inputs and activation ${params.activation}; differentiate before fusing epilogues`,
  );
  check(
    outputGrad !== undefined,
    "E_GRAPH",
    () => `${op} "${path}": expected a loss op after it, found that it is the loss itself`,
  );
  return [inputs[0]!, inputs[1]!, outputGrad];
}

export const conv2dVjp: Vjp<ConvParams> = (args, emit) => {
  const [x, w, dy] = bareConvolution("conv2d", args);
  const { stride, pad, dilation, groups } = args.params;
  const window = { stride, pad, dilation, groups };
  const [, height, width] = x.spec.shape as [number, number, number];
  const [kh, kw] = w.spec.shape as [number, number];
  return [
    args.needs(0) ? emit.apply(conv2dInputGrad, [dy, w], { ...window, inputSize: [height, width] })[0] : undefined,
    args.needs(1) ? emit.apply(conv2dWeightGrad, [x, dy], { ...window, kernel: [kh, kw] })[0] : undefined,
  ];
};
