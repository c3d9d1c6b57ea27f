/** The same gradients, by depthwiseConv2dGrads where both are wanted and it has a kernel for them. */
import { bareProduct } from "../../grad/bare-product.js";
import type { Vjp } from "../../op.js";
import type { WindowParams } from "../conv2d/geometry.js";
import { depthwiseConv2dGrads } from "../depthwise-conv2d-grad/grads.js";
import { depthwiseConv2dVjp } from "./grad.js";
import { fitsStrip } from "./strip-parts.js";

export const depthwiseConv2dJointVjp: Vjp<WindowParams> = (args, emit) => {
  const [x, w, dy] = bareProduct("depthwiseConv2d", args);
  const { stride, pad, dilation } = args.params;
  const [kh, kw] = w.spec.shape as [number, number];
  const isJoint = fitsStrip({ kh, kw, sy: stride[0], sx: stride[1], dy: dilation[0], dx: dilation[1] });
  return args.needs(0) && args.needs(1) && isJoint
    ? emit.apply(depthwiseConv2dGrads, [dy, w, x], { stride, pad, dilation })
    : depthwiseConv2dVjp(args, emit);
};
