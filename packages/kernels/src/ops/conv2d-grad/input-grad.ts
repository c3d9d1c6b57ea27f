/**
 * Gradient of a convolution with respect to its input.
 *
 *   dx[n, h, w, c] = sum over kh, kw, oc of dy[n, oh, ow, oc] * w[kh, kw, c, oc]
 *   over the outputs that read the element: oh*SH + kh*DH - PT = h, ow*SW + kw*DW - PL = w
 *
 * Shapes   dy [N, OH, OW, OC], w [KH, KW, C/groups, OC], all f32 -> dx [N, H, W, C] with [H, W] = inputSize
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { defineOp, type Op, type Problem, type Variant } from "../../op.js";
import { f32 } from "../../spec.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import type { Product } from "../matmul/product.js";
import { subgroupTile as productTile } from "../matmul/subgroup-tile.wgsl.js";
import { type ConvInputGradParams, checkPair, inputGradGeometry } from "./geometry.js";
import { inputPlain } from "./input-plain.wgsl.js";
import { inputTile } from "./input-tile.wgsl.js";
import { afterTurning } from "./turned-weight.js";

const name = "conv2dInputGrad";

const geometryOf = ({ inputs, params }: Problem<ConvInputGradParams>): ConvGeometry =>
  inputGradGeometry(name, inputs, params);

/** Of a 1x1 convolution of stride 1 without padding it is the product [N*H*W, OC] @ [OC, C]. */
function productOf(problem: Problem<ConvInputGradParams>): Product | undefined {
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, groups } = geometryOf(problem);
  if (kh * kw * sy * sx * groups !== 1 || oh !== h || ow !== w) return undefined;
  return { m: n * h * w, k: oc, n: c, aRow: oc, aStep: 1, bStep: c, bColumn: 1, activation: "none" };
}

const product = /* @__PURE__ */ productTile("pointwise", productOf);
const pointwise: Variant<ConvInputGradParams> = {
  ...product,
  lower(problem, caps) {
    const { dispatches } = product.lower(problem, caps);
    const turned = dispatches.map((d) => ({ ...d, bind: { ...d.bind, b: { scratch: 0 } } }));
    return afterTurning(caps, geometryOf(problem), turned);
  },
};

export const conv2dInputGrad: Op<ConvInputGradParams> = /* @__PURE__ */ defineOp<ConvInputGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs, "dy [N, OH, OW, OC] and w [KH, KW, C/groups, OC]");
    const { n, h, w, c } = inputGradGeometry(name, inputs, params);
    return [f32(n, h, w, c)];
  },
  variants: [pointwise, inputTile(geometryOf), inputPlain(geometryOf)],
});
