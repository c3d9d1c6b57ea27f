/**
 * Gradient of a depthwise convolution with respect to its input.
 *
 *   dx[n, h, w, c] = gate(sum over kh, kw of dy[n, oh, ow, c] * w[kh, kw, 0, c] * scale[c] + residual[n, h, w, c])
 *   over the outputs that read the element: oh*SH + kh*DH - PT = h, ow*SW + kw*DW - PL = w
 *
 * Shapes   dy [N, OH, OW, C], w [KH, KW, 1, C], then the extras: scale [C], residual and gate [N, H, W, C], all f32
 *          -> dx [N, H, W, C] with [H, W] = inputSize
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { checkExtras, epilogueOf } from "../../wgsl/epilogue.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { checkPair, inputGradGeometry, type WindowInputGradParams } from "../conv2d-grad/geometry.js";
import { inputPlain } from "../conv2d-grad/input-plain.wgsl.js";
import { gradStrip } from "./strip.wgsl.js";

const name = "depthwiseConv2dInputGrad";

/** A depthwise convolution is one with a group for each channel. */
const geometry = (inputs: readonly Spec[], params: WindowInputGradParams): ConvGeometry =>
  inputGradGeometry(name, inputs, { ...params, groups: inputs[0]!.shape[3]! });

const geometryOf = ({ inputs, params }: Problem<WindowInputGradParams>): ConvGeometry => geometry(inputs, params);

export const depthwiseConv2dInputGrad: Op<WindowInputGradParams> = /* @__PURE__ */ defineOp<WindowInputGradParams>({
  name,
  infer(inputs, params) {
    checkPair(name, inputs.slice(0, 2), "dy [N, OH, OW, C] and w [KH, KW, 1, C]");
    const [dy, w] = inputs as [Spec, Spec];
    const channels = dy.shape[3]!;
    check(
      w.shape[2] === 1 && w.shape[3] === channels,
      "E_SHAPE",
      () => `${name}: expected a weight [KH, KW, 1, ${channels}] (C of ${formatSpec(dy)}), found ${formatSpec(w)}`,
    );
    const { n, h, w: width, c } = geometry(inputs, params);
    const dx = f32(n, h, width, c);
    checkExtras(name, ["scale", "residual", "gate"], inputs, params, dx);
    return [dx];
  },
  variants: [
    gradStrip(geometryOf, (problem, width) => ({
      name,
      grad: { input: 0 },
      end: { ...epilogueOf(problem, width), text: (v, at) => `epilogue(${v}, ${at})` },
    })),
    inputPlain(geometryOf),
  ],
});
