import { f32, type Spec } from "../../spec.js";
import type { Case, CaseTag } from "../../testing/record.js";
import type { Extra } from "../../wgsl/epilogue.js";
import { hardSwish, sigmoid, silu } from "../curve/op.js";
import { type ConvParams, convGeometry } from "./geometry.js";

interface Options extends Partial<ConvParams> {
  readonly bias?: true;
  readonly residual?: true;
  readonly scale?: true;
}

const unit: ConvParams = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1, activation: "none" };

/** Input [n, h, w, c] under a kernel [kh, kw] with oc output channels. */
function conv(
  name: string,
  tags: readonly CaseTag[],
  [n, h, w, c]: readonly [number, number, number, number],
  [kh, kw, oc]: readonly [number, number, number],
  { bias, residual, scale, ...given }: Options = {},
): Case<ConvParams> {
  const params = { ...unit, ...given };
  const inputs: Spec[] = [f32(n, h, w, c), f32(kh, kw, c / params.groups, oc)];
  const extras: readonly Extra[] = residual ? ["scale", "bias", "residual"] : ["scale", "bias"];
  if (scale) inputs.push(f32(oc));
  if (scale || bias || residual) inputs.push(f32(oc));
  const { oh, ow } = convGeometry("conv2d", inputs[0]!, inputs[1]!, params);
  if (residual) inputs.push(f32(n, oh, ow, oc));
  return { name, tags, inputs, params: scale ? { ...params, extras } : params };
}

const same = [1, 1, 1, 1] as const;

export const conv2dCases: readonly Case<ConvParams>[] = [
  conv("distinct", ["edge"], [2, 5, 7, 3], [3, 2, 4]),
  conv("equal", ["edge"], [1, 5, 5, 5], [3, 3, 5], { pad: same, bias: true }),
  conv("one", ["edge"], [1, 1, 1, 1], [1, 1, 1], { bias: true }),
  conv("pads-distinct", ["edge"], [2, 6, 9, 5], [4, 3, 7], { pad: [1, 2, 0, 3], activation: "relu" }),
  conv("stride-2-odd", ["edge"], [1, 9, 7, 3], [3, 3, 6], {
    stride: [2, 2],
    pad: same,
    bias: true,
    activation: "relu6",
  }),
  conv("stride-2-even", ["edge"], [1, 8, 10, 3], [3, 3, 5], { stride: [2, 2], pad: same }),
  conv("stride-2-pad-after", ["edge"], [1, 8, 10, 3], [3, 3, 5], { stride: [2, 2], pad: [0, 1, 0, 1] }),
  conv("strides-distinct", ["edge"], [1, 11, 13, 4], [3, 5, 9], { stride: [2, 3], pad: [1, 1, 2, 2], bias: true }),
  conv("dilated", ["edge"], [1, 12, 11, 5], [3, 3, 6], { dilation: [2, 3], pad: [2, 2, 3, 3], residual: true }),
  conv("empty-taps", ["edge"], [1, 2, 3, 3], [5, 5, 4], { pad: [4, 4, 4, 4], dilation: [1, 2] }),
  conv("groups-2", ["edge"], [2, 5, 6, 4], [3, 3, 10], { groups: 2, pad: same, bias: true }),
  conv("groups-3", ["edge"], [1, 7, 5, 9], [3, 2, 6], { groups: 3, stride: [2, 1], activation: "relu" }),
  conv("pointwise-odd", ["edge"], [2, 5, 3, 7], [1, 1, 33], { residual: true, activation: "relu6" }),
  conv("pointwise-padded", ["edge"], [1, 4, 6, 6], [1, 1, 5], { pad: [1, 0, 0, 2], bias: true }),
  conv("pointwise-strided", ["edge"], [2, 7, 9, 10], [1, 1, 12], { stride: [2, 2], bias: true }),
  conv("tile-1", ["edge"], [1, 1, 31, 6], [1, 3, 31], { pad: [0, 0, 1, 1], bias: true }),
  conv("tile", ["edge"], [1, 4, 8, 8], [3, 3, 32], { pad: same, residual: true, activation: "relu" }),
  conv("tile+1", ["edge"], [3, 1, 11, 5], [1, 3, 33], { pad: [0, 0, 1, 1] }),
  conv("affine", ["edge"], [2, 5, 7, 3], [3, 2, 6], { scale: true, activation: "relu6" }),
  conv("affine-groups", ["edge"], [1, 7, 5, 9], [3, 2, 6], { groups: 3, scale: true, residual: true }),
  conv("affine-pointwise", ["edge"], [2, 5, 9, 7], [1, 1, 33], { scale: true, residual: true, activation: "relu" }),
  conv("affine-tile", ["edge"], [1, 4, 9, 8], [3, 3, 35], { pad: same, scale: true, residual: true }),
  conv("quads", ["edge"], [2, 6, 7, 5], [3, 3, 36], { stride: [2, 1], pad: same, scale: true, residual: true }),
  conv("quads-dilated", ["edge"], [1, 9, 8, 4], [3, 2, 20], { dilation: [2, 3], pad: [1, 2, 2, 1], bias: true }),
  conv("quads-pointwise", ["edge"], [2, 5, 7, 10], [1, 1, 36], { bias: true, residual: true, activation: "relu6" }),
  conv("square", ["edge"], [2, 7, 5, 17], [3, 3, 13], { pad: same, bias: true, activation: "relu" }),
  conv("square-bare", ["edge"], [3, 9, 14, 16], [3, 3, 35], { scale: true, residual: true, activation: "relu6" }),
  conv("square-pads-distinct", ["edge"], [1, 10, 6, 19], [3, 3, 33], { pad: [1, 0, 0, 1], residual: true }),
  conv("square-tiny", ["edge"], [5, 1, 2, 18], [3, 3, 7], { pad: same, bias: true }),
  conv("square-many", ["edge"], [2, 23, 33, 21], [3, 3, 20], { pad: [0, 1, 1, 0], bias: true }),
  conv("curve", ["edge"], [2, 5, 7, 3], [3, 2, 6], { bias: true, activation: silu.ends! }),
  conv("curve-pointwise", ["edge"], [2, 5, 9, 7], [1, 1, 33], {
    scale: true,
    residual: true,
    activation: hardSwish.ends!,
  }),
  conv("curve-quads", ["edge"], [1, 4, 8, 8], [3, 3, 32], { pad: same, bias: true, activation: hardSwish.ends! }),
  conv("curve-gate", ["edge"], [5, 1, 1, 24], [1, 1, 12], { bias: true, activation: sigmoid.ends! }),
  conv("mobilenet-v2-stem", ["model"], [1, 64, 64, 3], [3, 3, 32], {
    stride: [2, 2],
    pad: same,
    bias: true,
    activation: "relu6",
  }),
  conv("mobilenet-v2-expand", ["model"], [1, 28, 28, 24], [1, 1, 144], { bias: true, activation: "relu6" }),
  conv("mobilenet-v2-project", ["model"], [1, 14, 14, 384], [1, 1, 64], { residual: true }),
  conv("squeezenet-stem", ["model"], [1, 63, 63, 3], [3, 3, 64], { stride: [2, 2], bias: true, activation: "relu" }),
  conv("squeezenet-expand", ["model"], [1, 13, 13, 64], [3, 3, 256], { pad: same, bias: true, activation: "relu" }),
  conv("resnet-stem", ["model"], [1, 56, 56, 3], [7, 7, 64], {
    stride: [2, 2],
    pad: [3, 3, 3, 3],
    bias: true,
    activation: "relu",
  }),
  conv("resnet-block", ["model"], [1, 7, 7, 256], [3, 3, 128], { pad: same, residual: true, activation: "relu" }),
  conv("bench-conv3", ["bench"], [8, 56, 56, 64], [3, 3, 64], { pad: same }),
  conv("bench-conv1", ["bench"], [8, 28, 28, 192], [1, 1, 64]),
  conv("bench-stem", ["bench"], [8, 224, 224, 3], [3, 3, 32], {
    stride: [2, 2],
    pad: same,
    bias: true,
    activation: "relu6",
  }),
  conv("bench-narrow", ["bench"], [8, 112, 112, 32], [1, 1, 16], { bias: true }),
];
