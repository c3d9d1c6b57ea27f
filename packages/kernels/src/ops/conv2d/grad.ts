/**
 * Gradients of the convolution.
 *
 *   y = conv2d(x, w)   dx = conv2dInputGrad(dy, w)   dw = conv2dWeightGrad(x, dy)
 *
 * Throws   E_GRAPH for a convolution with bias, residual or activation in its epilogue, and for one that is itself the loss
 */
import { bareProduct } from "../../grad/bare-product.js";
import type { Vjp } from "../../op.js";
import { conv2dInputGrad } from "../conv2d-grad/input-grad.js";
import { conv2dWeightGrad } from "../conv2d-grad/weight-grad.js";
import type { ConvParams } from "./geometry.js";

export const conv2dVjp: Vjp<ConvParams> = (args, emit) => {
  const [x, w, dy] = bareProduct("conv2d", args);
  const { stride, pad, dilation, groups } = args.params;
  const window = { stride, pad, dilation, groups };
  const [, height, width] = x.spec.shape as [number, number, number];
  const [kh, kw] = w.spec.shape as [number, number];
  return [
    args.needs(0) ? emit.apply(conv2dInputGrad, [dy, w], { ...window, inputSize: [height, width] })[0] : undefined,
    args.needs(1) ? emit.apply(conv2dWeightGrad, [x, dy], { ...window, kernel: [kh, kw] })[0] : undefined,
  ];
};
