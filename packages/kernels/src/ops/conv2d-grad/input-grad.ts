/**
 * Gradient of a convolution with respect to its input.
 *
 *   dx[n, h, w, c] = gate(sum over kh, kw, oc of dy[n, oh, ow, oc] * w[kh, kw, c, oc] * scale[c] + residual[n, h, w, c])
 *   over the outputs that read the element: oh*SH + kh*DH - PT = h, ow*SW + kw*DW - PL = w
 *
 * Shapes   dy [N, OH, OW, OC], w [KH, KW, C/groups, OC], then the extras: scale [C], residual and gate
 *          [N, H, W, C], all f32 -> dx [N, H, W, C] with [H, W] = inputSize
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { defineOp, type Op, type Problem, type Variant } from "../../op.js";
import { f32 } from "../../spec.js";
import { workgroupTileVariant } from "../../variants/workgroup-tile-variant.js";
import { checkExtras, epilogueOf } from "../../wgsl/epilogue.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import type { Product } from "../matmul/product.js";
import { subgroupTile as productTile } from "../matmul/subgroup-tile.wgsl.js";
import { tiledProduct } from "../matmul/workgroup-tile.wgsl.js";
import { type ConvInputGradParams, checkPair, inputGradGeometry } from "./geometry.js";
import { inputPlain } from "./input-plain.wgsl.js";
import { inputTile } from "./input-tile.wgsl.js";
import { tiledInputGrad } from "./input-workgroup-tile.wgsl.js";
import { hasFewPhases } from "./phases.js";
import { afterTurning } from "./turned-weight.js";

const name = "conv2dInputGrad";

const geometryOf = ({ inputs, params }: Problem<ConvInputGradParams>): ConvGeometry =>
  inputGradGeometry(name, inputs, params);

/** Of a 1x1 convolution of stride 1 without padding it is the product [N*H*W, OC] @ [OC, C], the weight being [C, OC]. */
function productOf(problem: Problem<ConvInputGradParams>): Product | undefined {
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, groups } = geometryOf(problem);
  if (kh * kw * sy * sx * groups !== 1 || oh !== h || ow !== w) return undefined;
  return { m: n * h * w, k: oc, n: c, aRow: oc, aStep: 1, bStep: 1, bColumn: oc };
}

const workgroupTile = /* @__PURE__ */ workgroupTileVariant<ConvInputGradParams>((problem) => {
  const product = productOf(problem);
  if (product) return tiledProduct(product, epilogueOf(problem));
  const geometry = geometryOf(problem);
  return hasFewPhases(geometry) ? tiledInputGrad(geometry, epilogueOf(problem)) : undefined;
});

/** Register tiles want the weight turned. */
const product = /* @__PURE__ */ productTile<ConvInputGradParams>("pointwise", (problem) => {
  const wanted = productOf(problem);
  return wanted && { ...wanted, bStep: wanted.n, bColumn: 1 };
});
const pointwise: Variant<ConvInputGradParams> = {
  ...product,
  // The scratch of parts would be another.
  settings: (problem, caps) => product.settings!(problem, caps).filter(({ parts }) => parts === 1),
  lower(problem, caps, settings) {
    const { dispatches } = product.lower(problem, caps, settings);
    const turned = dispatches.map((d) => ({ ...d, bind: { ...d.bind, b: { scratch: 0 } } }));
    return afterTurning(caps, geometryOf(problem), turned);
  },
};

export const conv2dInputGrad: Op<ConvInputGradParams> = /* @__PURE__ */ defineOp<ConvInputGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs.slice(0, 2), "dy [N, OH, OW, OC] and w [KH, KW, C/groups, OC]");
    const { n, h, w, c } = inputGradGeometry(name, inputs, params);
    const dx = f32(n, h, w, c);
    checkExtras(name, ["scale", "residual", "gate"], inputs, params, dx);
    return [dx];
  },
  variants: [workgroupTile, pointwise, inputTile(geometryOf), inputPlain(geometryOf)],
});
