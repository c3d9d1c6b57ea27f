/**
 * Gradients of the depthwise convolution.
 *
 *   y = depthwiseConv2d(x, w)   dx = depthwiseConv2dInputGrad(dy, w)   dw = depthwiseConv2dWeightGrad(x, dy)
 *
 * Throws   E_GRAPH for a convolution with bias or activation in its epilogue, and for one that is itself the loss
 */

import { bareProduct } from "../../grad/bare-product.js";
import type { Vjp } from "../../op.js";
import type { WindowParams } from "../conv2d/geometry.js";
import { depthwiseConv2dInputGrad } from "../depthwise-conv2d-grad/input-grad.js";
import { depthwiseConv2dWeightGrad } from "../depthwise-conv2d-grad/weight-grad.js";

export const depthwiseConv2dVjp: Vjp<WindowParams> = (args, emit) => {
  const [x, w, dy] = bareProduct("depthwiseConv2d", args);
  const { stride, pad, dilation } = args.params;
  const window = { stride, pad, dilation };
  const [, height, width] = x.spec.shape as [number, number, number];
  const [kh, kw] = w.spec.shape as [number, number];
  return [
    args.needs(0)
      ? emit.apply(depthwiseConv2dInputGrad, [dy, w], { ...window, inputSize: [height, width] })[0]
      : undefined,
    args.needs(1) ? emit.apply(depthwiseConv2dWeightGrad, [x, dy], { ...window, kernel: [kh, kw] })[0] : undefined,
  ];
};
