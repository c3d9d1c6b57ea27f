/** Cases of both gradients from the cases of the convolution they belong to. */
import { f32 } from "../../spec.js";
import { withExtras } from "../../testing/end-sums.js";
import type { Case, CaseTag } from "../../testing/record.js";
import type { Extra } from "../../wgsl/epilogue.js";
import type { Activation } from "../../wgsl/functions.js";
import { convGeometry, type GroupedWindow } from "../conv2d/geometry.js";
import type { ConvInputGradParams, ConvWeightGradParams } from "./geometry.js";

/** A convolution: input [n, h, w, c] under a kernel [kh, kw] with oc output channels. */
interface Layer {
  readonly name: string;
  readonly tags: readonly CaseTag[];
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number];
  readonly window: GroupedWindow;
}

const unit: GroupedWindow = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };

const layer = (
  name: string,
  tags: readonly CaseTag[],
  x: Layer["x"],
  w: Layer["w"],
  given: Partial<GroupedWindow> = {},
): Layer => ({ name, tags, x, w, window: { ...unit, ...given } });

const same = [1, 1, 1, 1] as const;

const layers: readonly Layer[] = [
  layer("distinct", ["edge"], [2, 5, 7, 3], [3, 2, 4]),
  layer("one", ["edge"], [1, 1, 1, 1], [1, 1, 1]),
  layer("pads-distinct", ["edge"], [2, 6, 9, 5], [4, 3, 7], { pad: [1, 2, 0, 3] }),
  layer("stride-2-odd", ["edge"], [1, 9, 7, 3], [3, 3, 6], { stride: [2, 2], pad: same }),
  layer("stride-2-even", ["edge"], [1, 8, 10, 3], [3, 3, 5], { stride: [2, 2], pad: same }),
  layer("stride-2-pad-after", ["edge"], [1, 8, 10, 3], [3, 3, 5], { stride: [2, 2], pad: [0, 1, 0, 1] }),
  layer("strides-distinct", ["edge"], [1, 11, 13, 4], [3, 5, 9], { stride: [2, 3], pad: [1, 1, 2, 2] }),
  layer("stride-over-kernel", ["edge"], [1, 9, 11, 3], [2, 1, 5], { stride: [4, 3], pad: [0, 1, 2, 0] }),
  layer("stride-many", ["edge"], [1, 13, 12, 2], [3, 4, 3], { stride: [6, 5] }),
  layer("dilated", ["edge"], [1, 12, 11, 5], [3, 3, 6], { dilation: [2, 3], pad: [2, 2, 3, 3] }),
  layer("dilated-strided", ["edge"], [2, 13, 14, 3], [3, 4, 5], {
    stride: [4, 3],
    dilation: [6, 2],
    pad: [3, 4, 2, 1],
  }),
  layer("empty-taps", ["edge"], [1, 2, 3, 3], [5, 5, 4], { pad: [4, 4, 4, 4], dilation: [1, 2] }),
  layer("groups-2", ["edge"], [2, 5, 6, 4], [3, 3, 10], { groups: 2, pad: same }),
  layer("groups-3", ["edge"], [1, 7, 5, 9], [3, 2, 6], { groups: 3, stride: [2, 1] }),
  layer("pointwise-odd", ["edge"], [2, 5, 3, 7], [1, 1, 33]),
  layer("pointwise-wide", ["edge"], [2, 19, 17, 9], [1, 1, 5]),
  layer("pointwise-padded", ["edge"], [1, 4, 6, 6], [1, 1, 5], { pad: [1, 0, 0, 2] }),
  layer("pointwise-strided", ["edge"], [2, 7, 9, 10], [1, 1, 12], { stride: [2, 2] }),
  layer("tile-1", ["edge"], [1, 1, 31, 31], [1, 1, 31]),
  layer("tile", ["edge"], [1, 4, 8, 32], [3, 3, 32], { pad: same }),
  layer("tile+1", ["edge"], [3, 1, 11, 11], [1, 3, 33], { pad: [0, 0, 1, 1] }),
  layer("quads", ["edge"], [2, 7, 5, 20], [3, 2, 36], { stride: [2, 1], pad: [1, 0, 1, 1] }),
  layer("quads-pointwise", ["edge"], [2, 5, 7, 12], [1, 1, 36]),
  layer("square", ["edge"], [2, 7, 5, 13], [3, 3, 17], { pad: same }),
  layer("square-pads-distinct", ["edge"], [3, 11, 6, 33], [3, 3, 19], { pad: [1, 2, 2, 1] }),
  layer("square-tiny", ["edge"], [5, 1, 2, 7], [3, 3, 18], { pad: same }),
  layer("mobilenet-v2-stem", ["model"], [1, 64, 64, 3], [3, 3, 32], { stride: [2, 2], pad: same }),
  layer("mobilenet-v2-expand", ["model"], [1, 28, 28, 24], [1, 1, 144]),
  layer("mobilenet-v2-project", ["model"], [2, 14, 14, 96], [1, 1, 64]),
  layer("mobilenet-v2-deep", ["model"], [1, 7, 7, 160], [1, 1, 480]),
  layer("resnet-stem", ["model"], [1, 40, 40, 3], [7, 7, 64], { stride: [2, 2], pad: [3, 3, 3, 3] }),
  layer("resnet-block", ["model"], [1, 7, 7, 128], [3, 3, 96], { pad: same }),
  layer("resnet-down", ["model"], [1, 14, 14, 64], [3, 3, 96], { stride: [2, 2], pad: same }),
  layer("resnet-shortcut", ["model"], [1, 14, 14, 64], [1, 1, 128], { stride: [2, 2] }),
  layer("bench-expand", ["bench"], [16, 56, 56, 24], [1, 1, 144]),
  layer("bench-narrow", ["bench"], [16, 112, 112, 32], [1, 1, 16]),
  layer("bench-deep", ["bench"], [16, 7, 7, 160], [1, 1, 960]),
  layer("bench-stem", ["bench"], [4, 224, 224, 3], [3, 3, 32], { stride: [2, 2], pad: same }),
  layer("bench-conv3", ["bench"], [8, 28, 28, 64], [3, 3, 64], { pad: same }),
  layer("bench-conv3-stride-2", ["bench"], [8, 28, 28, 64], [3, 3, 128], { stride: [2, 2], pad: same }),
];

/** The sums of some layers end in an epilogue. */
const ended: readonly (readonly [layer: string, extras: readonly Extra[], activation: Activation])[] = [
  ["distinct", ["residual", "gate"], "relu"],
  ["stride-2-odd", ["scale", "gate"], "relu6"],
  ["strides-distinct", ["scale", "residual"], "none"],
  ["groups-3", ["scale", "residual", "gate"], "relu6"],
  ["pointwise-odd", ["gate"], "relu6"],
  ["pointwise-wide", ["scale", "residual", "gate"], "relu"],
  ["tile+1", ["scale", "gate"], "relu"],
  ["quads", ["scale", "residual", "gate"], "relu6"],
  ["quads-pointwise", ["residual", "gate"], "relu"],
  ["square", ["scale", "residual", "gate"], "relu6"],
  ["mobilenet-v2-expand", ["residual"], "none"],
  ["mobilenet-v2-deep", ["gate"], "relu6"],
];

function specsOf({ x: [n, h, w, c], w: [kh, kw, oc], window }: Layer) {
  const x = f32(n, h, w, c);
  const weight = f32(kh, kw, c / window.groups, oc);
  const { oh, ow } = convGeometry("conv2d", x, weight, window);
  return { x, weight, dy: f32(n, oh, ow, oc) };
}

const inputGradOf = (l: Layer): Case<ConvInputGradParams> => {
  const { weight, dy } = specsOf(l);
  const params = { ...l.window, inputSize: [l.x[1], l.x[2]] as const };
  return { name: l.name, tags: l.tags, inputs: [dy, weight], params };
};

export const conv2dInputGradCases: readonly Case<ConvInputGradParams>[] = [
  ...layers.map(inputGradOf),
  ...ended.map(([name, extras, activation]) => {
    const l = layers.find((layer) => layer.name === name)!;
    return withExtras(inputGradOf(l), f32(...l.x), extras, activation);
  }),
];

export const conv2dWeightGradCases: readonly Case<ConvWeightGradParams>[] = layers.map((l) => {
  const { x, dy } = specsOf(l);
  const params = { ...l.window, kernel: [l.w[0], l.w[1]] as const };
  return { name: l.name, tags: l.tags, inputs: [x, dy], params };
});
