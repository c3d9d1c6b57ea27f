/**
 * Gradient of a convolution with respect to its weight.
 *
 *   dw[kh, kw, c, oc] = sum over n, oh, ow of x[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * dy[n, oh, ow, oc]
 *
 * Shapes   x [N, H, W, C], dy [N, OH, OW, OC], all f32 -> dw [KH, KW, C/groups, OC] with [KH, KW] = kernel
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 * Needs    scratch of parts x size of dw, 32 MiB at most
 */
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32 } from "../../spec.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { type ConvWeightGradParams, checkPair, weightGradGeometry } from "./geometry.js";
import { weightPlain } from "./weight-plain.wgsl.js";
import { weightTile } from "./weight-tile.wgsl.js";

const name = "conv2dWeightGrad";

const geometryOf = ({ inputs, params }: Problem<ConvWeightGradParams>): ConvGeometry =>
  weightGradGeometry(name, inputs, params);

export const conv2dWeightGrad: Op<ConvWeightGradParams> = /* @__PURE__ */ defineOp<ConvWeightGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs, "x [N, H, W, C] and dy [N, OH, OW, OC]");
    const { c, oc, kh, kw, groups } = weightGradGeometry(name, inputs, params);
    return [f32(kh, kw, c / groups, oc)];
  },
  variants: [weightTile(geometryOf), weightPlain(geometryOf)],
});
