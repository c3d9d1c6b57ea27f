/**
 * Two-dimensional convolution (cross-correlation) with its epilogue.
 *
 *   y[n, oh, ow, oc] = activate(sum over kh, kw, c of x[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * w[kh, kw, c, oc] + bias[oc] + residual[n, oh, ow, oc])
 *
 * Shapes   x [N, H, W, C], w [KH, KW, C/groups, OC], then perhaps bias [OC], then perhaps residual [N, OH, OW, OC], all f32
 *          -> y [N, OH, OW, OC]
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import type { Product } from "../matmul/product.js";
import { subgroupTile as productTile } from "../matmul/subgroup-tile.wgsl.js";
import { type ConvGeometry, type ConvParams, convGeometry } from "./geometry.js";
import { plain } from "./plain.wgsl.js";
import { subgroupTile } from "./subgroup-tile.wgsl.js";

const geometryOf = ({ inputs, params }: Problem<ConvParams>): ConvGeometry =>
  convGeometry("conv2d", inputs[0]!, inputs[1]!, params);

/** A 1x1 convolution of stride 1 without padding is the product [N*H*W, C] @ [C, OC]. */
function productOf(problem: Problem<ConvParams>): Product | undefined {
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, groups } = geometryOf(problem);
  if (kh * kw * sy * sx * groups !== 1 || oh !== h || ow !== w) return undefined;
  const { activation } = problem.params;
  return { m: n * h * w, k: c, n: oc, aRow: c, aStep: 1, bStep: oc, bColumn: 1, activation };
}

export const conv2d: Op<ConvParams> = /* @__PURE__ */ defineOp<ConvParams>({
  name: "conv2d",
  infer(inputs, params) {
    check(
      inputs.length >= 2 && inputs.length <= 4,
      "E_SHAPE",
      () => `conv2d: expects x, w and perhaps bias and residual, found ${inputs.length} inputs`,
    );
    const [x, w, bias, residual] = inputs as [Spec, Spec, Spec?, Spec?];
    const { n, oh, ow, oc } = convGeometry("conv2d", x, w, params);
    const y = f32(n, oh, ow, oc);
    check(
      bias === undefined || sameSpec(bias, f32(oc)),
      "E_SHAPE",
      () => `conv2d: the bias must be ${formatSpec(f32(oc))} (OC of ${formatSpec(w)}), found ${formatSpec(bias!)}`,
    );
    check(
      residual === undefined || sameSpec(residual, y),
      "E_SHAPE",
      () => `conv2d: the residual must have the shape of the output, ${formatSpec(y)}, found ${formatSpec(residual!)}`,
    );
    return [y];
  },
  variants: [productTile("pointwise", productOf), subgroupTile(geometryOf), plain(geometryOf)],
});
