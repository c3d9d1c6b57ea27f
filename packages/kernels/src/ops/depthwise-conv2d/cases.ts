import { f32 } from "../../spec.js";
import type { Case, CaseTag } from "../../testing/record.js";
import { convGeometry, type WindowParams } from "../conv2d/geometry.js";
import { hardSwish, silu } from "../curve/op.js";

interface Options extends Partial<WindowParams> {
  readonly bias?: true;
  readonly extras?: readonly ("scale" | "bias" | "residual")[];
  /** [KH, KW], 3x3 when left out. */
  readonly kernel?: readonly [number, number];
}

const same = [1, 1, 1, 1] as const;
const unit: WindowParams = { stride: [1, 1], pad: same, dilation: [1, 1], activation: "none" };

function depthwise(
  name: string,
  tags: readonly CaseTag[],
  [n, h, w, c]: readonly [number, number, number, number],
  { bias, kernel: [kh, kw] = [3, 3], ...given }: Options = {},
): Case<WindowParams> {
  const weight = f32(kh, kw, 1, c);
  const inputs = bias ? [f32(n, h, w, c), weight, f32(c)] : [f32(n, h, w, c), weight];
  const params = { ...unit, ...given };
  const { oh, ow } = convGeometry("depthwiseConv2d", inputs[0]!, weight, { ...params, groups: c });
  for (const extra of given.extras ?? []) inputs.push(extra === "residual" ? f32(n, oh, ow, c) : f32(c));
  return { name, tags, inputs, params };
}

export const depthwiseConv2dCases: readonly Case<WindowParams>[] = [
  depthwise("curve", ["edge"], [2, 5, 9, 3], { kernel: [5, 5], bias: true, activation: silu.ends! }),
  depthwise("curve-quads", ["edge"], [1, 9, 7, 12], { bias: true, activation: hardSwish.ends! }),
  depthwise("distinct", ["edge"], [2, 5, 8, 3], { kernel: [4, 2], pad: [1, 0, 2, 1], bias: true }),
  depthwise("equal", ["edge"], [1, 3, 3, 3], { bias: true }),
  depthwise("one-pixel", ["edge"], [1, 1, 1, 5], { activation: "relu" }),
  depthwise("strip-1", ["edge"], [2, 4, 6, 5], { bias: true, activation: "relu6" }),
  depthwise("strip", ["edge"], [1, 6, 7, 66]),
  depthwise("strip+1", ["edge"], [3, 5, 8, 6], { activation: "relu6" }),
  depthwise("long-strip", ["edge"], [1, 67, 9, 2], { bias: true }),
  depthwise("unpadded", ["edge"], [1, 6, 10, 4], { pad: [0, 0, 0, 0] }),
  depthwise("pads-distinct", ["edge"], [1, 5, 11, 3], { pad: [0, 2, 3, 1], bias: true }),
  depthwise("stride-2-odd", ["edge"], [2, 7, 17, 3], { stride: [2, 2], bias: true, activation: "relu6" }),
  depthwise("stride-2-even", ["edge"], [1, 8, 14, 5], { stride: [2, 2] }),
  depthwise("stride-2-pad-after", ["edge"], [1, 6, 16, 3], { stride: [2, 2], pad: [0, 1, 0, 1], bias: true }),
  depthwise("strides-distinct", ["edge"], [1, 9, 7, 4], { stride: [1, 2] }),
  depthwise("dilated", ["edge"], [1, 9, 8, 5], { dilation: [2, 3], pad: [2, 2, 3, 3], bias: true }),
  depthwise("kernel-5", ["edge"], [1, 7, 9, 6], { kernel: [5, 5], pad: [2, 2, 2, 2], stride: [2, 2] }),
  depthwise("affine", ["edge"], [2, 5, 9, 3], { extras: ["scale", "bias"], activation: "relu6" }),
  depthwise("affine-stride-2", ["edge"], [1, 9, 17, 5], { stride: [2, 2], extras: ["scale", "bias", "residual"] }),
  depthwise("affine-kernel-5", ["edge"], [1, 7, 9, 6], { kernel: [5, 5], extras: ["scale", "bias", "residual"] }),
  depthwise("four", ["edge"], [2, 5, 10, 8], { extras: ["scale", "bias", "residual"], activation: "relu6" }),
  depthwise("four-stride-2", ["edge"], [2, 9, 13, 12], { stride: [2, 2], pad: [1, 0, 0, 1], extras: ["scale"] }),
  depthwise("mobilenet-v2-wide", ["model"], [1, 56, 56, 96], { stride: [2, 2], bias: true, activation: "relu6" }),
  depthwise("mobilenet-v2-deep", ["model"], [2, 7, 7, 960], { bias: true, activation: "relu6" }),
  depthwise("mobilenet-v2-middle", ["model"], [1, 28, 28, 192], { bias: true, activation: "relu6" }),
  depthwise("bench-dw3", ["bench"], [8, 56, 56, 144]),
  depthwise("bench-dw3-stride-2", ["bench"], [8, 112, 112, 96], { stride: [2, 2], bias: true, activation: "relu6" }),
  depthwise("bench-dw3-deep", ["bench"], [8, 7, 7, 960], { bias: true, activation: "relu6" }),
];
