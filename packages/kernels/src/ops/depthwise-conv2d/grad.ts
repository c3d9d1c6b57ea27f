/**
 * Gradients of the depthwise convolution.
 *
 *   y = depthwiseConv2d(x, w)   dx = depthwiseConv2dInputGrad(dy, w)   dw = depthwiseConv2dWeightGrad(x, dy)
 *
 * Throws   E_GRAPH for a convolution with bias or activation in its epilogue, and for one that is itself the loss
 */
import type { Vjp } from "../../op.js";
import type { WindowParams } from "../conv2d/geometry.js";
import { convolutionVjp } from "../conv2d/grad.js";
import { depthwiseConv2dInputGrad } from "../depthwise-conv2d-grad/input-grad.js";
import { depthwiseConv2dWeightGrad } from "../depthwise-conv2d-grad/weight-grad.js";

export const depthwiseConv2dVjp: Vjp<WindowParams> = /* @__PURE__ */ convolutionVjp(
  "depthwiseConv2d",
  depthwiseConv2dInputGrad,
  depthwiseConv2dWeightGrad,
);
