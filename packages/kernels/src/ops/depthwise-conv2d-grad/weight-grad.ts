/**
 * Gradient of a depthwise convolution with respect to its weight.
 *
 *   dw[kh, kw, 0, c] = sum over n, oh, ow of x[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * dy[n, oh, ow, c]
 *
 * Shapes   x [N, H, W, C], dy [N, OH, OW, C], all f32 -> dw [KH, KW, 1, C] with [KH, KW] = kernel
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 * Needs    scratch of parts x size of dw, 32 MiB at most
 */
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32, type Spec } from "../../spec.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { checkPair, type WindowWeightGradParams, weightGradGeometry } from "../conv2d-grad/geometry.js";
import { weightPlain } from "../conv2d-grad/weight-plain.wgsl.js";
import { gradStrip } from "./strip.wgsl.js";

const name = "depthwiseConv2dWeightGrad";

/** A depthwise convolution is one with a group for each channel. */
const geometry = (inputs: readonly Spec[], params: WindowWeightGradParams): ConvGeometry =>
  weightGradGeometry(name, inputs, { ...params, groups: inputs[0]!.shape[3]! });

const geometryOf = ({ inputs, params }: Problem<WindowWeightGradParams>): ConvGeometry => geometry(inputs, params);

export const depthwiseConv2dWeightGrad: Op<WindowWeightGradParams> = /* @__PURE__ */ defineOp<WindowWeightGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs, "x [N, H, W, C] and dy [N, OH, OW, C]");
    const { c, kh, kw } = geometry(inputs, params);
    return [f32(kh, kw, 1, c)];
  },
  variants: [
    gradStrip(geometryOf, () => ({ name, grad: { input: 1 }, x: { input: 0 }, sums: { dw: { output: 0 } } })),
    weightPlain(geometryOf),
  ],
});
