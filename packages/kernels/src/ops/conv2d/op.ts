/**
 * Two-dimensional convolution (cross-correlation) with its epilogue.
 *
 *   y[n, oh, ow, oc] = activate(sum over kh, kw, c of x[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * w[kh, kw, c, oc] * scale[oc] + bias[oc] + residual[n, oh, ow, oc])
 *
 * Shapes   x [N, H, W, C], w [KH, KW, C/groups, OC], then the extras: scale and bias [OC], residual [N, OH, OW, OC], all f32
 *          -> y [N, OH, OW, OC]
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32, type Spec } from "../../spec.js";
import type { TiledWork } from "../../variants/tiled-work.js";
import { workgroupTileHalfVariant, workgroupTileVariant } from "../../variants/workgroup-tile-variant.js";
import { checkExtras, epilogueOf } from "../../wgsl/epilogue.js";
import type { Product } from "../matmul/product.js";
import { subgroupTile as productTile } from "../matmul/subgroup-tile.wgsl.js";
import { tiledProduct } from "../matmul/workgroup-tile.wgsl.js";
import { type ConvGeometry, type ConvParams, convGeometry } from "./geometry.js";
import { plain } from "./plain.wgsl.js";
import { subgroupTile } from "./subgroup-tile.wgsl.js";
import { tiledConvolution } from "./workgroup-tile.wgsl.js";

const geometryOf = ({ inputs, params }: Problem<ConvParams>): ConvGeometry =>
  convGeometry("conv2d", inputs[0]!, inputs[1]!, params);

/** A 1x1 convolution of stride 1 without padding is the product [N*H*W, C] @ [C, OC]. */
function productOf(problem: Problem<ConvParams>): Product | undefined {
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, groups } = geometryOf(problem);
  if (kh * kw * sy * sx * groups !== 1 || oh !== h || ow !== w) return undefined;
  return { m: n * h * w, k: c, n: oc, aRow: c, aStep: 1, bStep: oc, bColumn: 1 };
}

/** The work of tiles in workgroup memory. */
export function tiledWorkOf(problem: Problem<ConvParams>): TiledWork | undefined {
  const product = productOf(problem);
  if (product) return tiledProduct(product, epilogueOf(problem));
  const geometry = geometryOf(problem);
  return geometry.groups === 1 ? tiledConvolution(geometry, epilogueOf(problem)) : undefined;
}

export const conv2d: Op<ConvParams> = /* @__PURE__ */ defineOp<ConvParams>({
  name: "conv2d",
  infer(inputs, params) {
    check(
      inputs.length >= 2,
      "E_SHAPE",
      () => `conv2d: expects x, w and perhaps scale, bias and residual, found ${inputs.length} inputs`,
    );
    const [x, w] = inputs as [Spec, Spec];
    const { n, oh, ow, oc } = convGeometry("conv2d", x, w, params);
    const y = f32(n, oh, ow, oc);
    checkExtras("conv2d", ["scale", "bias", "residual"], inputs, params, y);
    return [y];
  },
  variants: [
    workgroupTileHalfVariant(tiledWorkOf),
    workgroupTileVariant(tiledWorkOf),
    productTile("pointwise", productOf),
    subgroupTile(geometryOf),
    plain(geometryOf),
  ],
});
