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
import { workgroupTileVariant } from "../../variants/workgroup-tile-variant.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { tiledProduct } from "../matmul/workgroup-tile.wgsl.js";
import { type ConvWeightGradParams, checkPair, weightGradGeometry } from "./geometry.js";
import { weightPlain } from "./weight-plain.wgsl.js";
import { weightTile } from "./weight-tile.wgsl.js";
import { tiledWeightGrad } from "./weight-workgroup-tile.wgsl.js";

const name = "conv2dWeightGrad";

const geometryOf = ({ inputs, params }: Problem<ConvWeightGradParams>): ConvGeometry =>
  weightGradGeometry(name, inputs, params);

/** Of a 1x1 convolution of stride 1 without padding it is the product of [N*H*W, C], transposed, and [N*H*W, OC]. */
const workgroupTile = /* @__PURE__ */ workgroupTileVariant<ConvWeightGradParams>((problem) => {
  const geometry = geometryOf(problem);
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, groups } = geometry;
  if (groups > 1) return undefined;
  if (kh * kw * sy * sx !== 1 || oh !== h || ow !== w) return tiledWeightGrad(geometry);
  return tiledProduct({ m: c, k: n * h * w, n: oc, aRow: 1, aStep: c, bStep: oc, bColumn: 1 });
});

export const conv2dWeightGrad: Op<ConvWeightGradParams> = /* @__PURE__ */ defineOp<ConvWeightGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs, "x [N, H, W, C] and dy [N, OH, OW, OC]");
    const { c, oc, kh, kw, groups } = weightGradGeometry(name, inputs, params);
    return [f32(kh, kw, c / groups, oc)];
  },
  variants: [workgroupTile, weightTile(geometryOf), weightPlain(geometryOf)],
});
