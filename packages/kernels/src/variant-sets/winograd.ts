import type { Problem, Variant, VariantSet } from "../op.js";
import { type ConvParams, convGeometry } from "../ops/conv2d/geometry.js";
import { winograd, winogradSubgroup } from "../ops/conv2d/winograd.js";
import type { Convolution3x3 } from "../ops/conv2d/winograd-cut.js";
import { type ConvInputGradParams, inputGradGeometry } from "../ops/conv2d-grad/geometry.js";
import type { EpilogueParams } from "../wgsl/epilogue.js";

function convolutionOf({ inputs, params }: Problem<ConvParams>): Convolution3x3 | undefined {
  const { kh, kw, sy, sx, dy, dx, groups, ...extents } = convGeometry("conv2d", inputs[0]!, inputs[1]!, params);
  return kh === 3 && kw === 3 && sy * sx * dy * dx * groups === 1 ? { ...extents, turned: false } : undefined;
}

/** The gradient is a convolution too, of dy with the weight turned around, padded by what is left of the kernel. */
function inputGradOf({ inputs, params }: Problem<ConvInputGradParams>): Convolution3x3 | undefined {
  const geometry = inputGradGeometry("conv2dInputGrad", inputs, params);
  const { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, dy, dx, py, px, groups } = geometry;
  if (kh !== 3 || kw !== 3 || sy * sx * dy * dx * groups !== 1) return undefined;
  return { ...{ n, h: oh, w: ow, c: oc, oh: h, ow: w, oc: c }, py: 2 - py, px: 2 - px, turned: true };
}

const both = <P extends EpilogueParams>(
  convolution: (problem: Problem<P>) => Convolution3x3 | undefined,
): readonly Variant<P>[] => [winograd(convolution), winogradSubgroup(convolution)];

/** For networks of 3x3 convolutions with many channels, such as ResNets. */
export const winogradVariants: VariantSet = {
  conv2d: /* @__PURE__ */ both(convolutionOf),
  conv2dInputGrad: /* @__PURE__ */ both(inputGradOf),
};
