/** Cases of the gradients, each and both, from the depthwise convolution they belong to. */
import { f32 } from "../../spec.js";
import { withExtras } from "../../testing/end-sums.js";
import type { Case, CaseTag } from "../../testing/record.js";
import type { Extra } from "../../wgsl/epilogue.js";
import type { Activation } from "../../wgsl/functions.js";
import { convGeometry, type Window } from "../conv2d/geometry.js";
import type { WindowInputGradParams, WindowWeightGradParams } from "../conv2d-grad/geometry.js";
import { fitsStrip } from "../depthwise-conv2d/strip-parts.js";
import type { WindowGradsParams } from "./grads.js";

/** A depthwise convolution of [n, h, w, c]. */
interface Layer {
  readonly name: string;
  readonly tags: readonly CaseTag[];
  readonly x: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly window: Window;
}

const same = [1, 1, 1, 1] as const;
const unit: Window = { stride: [1, 1], pad: same, dilation: [1, 1] };

const layer = (
  name: string,
  tags: readonly CaseTag[],
  x: Layer["x"],
  { kernel = [3, 3], ...given }: Partial<Window & Pick<Layer, "kernel">> = {},
): Layer => ({ name, tags, x, kernel, window: { ...unit, ...given } });

const layers: readonly Layer[] = [
  layer("distinct", ["edge"], [2, 5, 8, 3], { kernel: [4, 2], pad: [1, 0, 2, 1] }),
  layer("equal", ["edge"], [1, 3, 3, 3]),
  layer("one-pixel", ["edge"], [1, 1, 1, 5]),
  layer("strip-1", ["edge"], [2, 4, 6, 5]),
  layer("strip", ["edge"], [1, 6, 7, 66]),
  layer("strip+1", ["edge"], [3, 5, 8, 6]),
  layer("long-strip", ["edge"], [2, 67, 15, 2]),
  layer("unpadded", ["edge"], [1, 6, 10, 4], { pad: [0, 0, 0, 0] }),
  layer("pads-distinct", ["edge"], [1, 5, 11, 3], { pad: [0, 2, 3, 1] }),
  layer("pads-wide", ["edge"], [1, 4, 5, 3], { pad: [4, 3, 5, 6] }),
  layer("stride-2-odd", ["edge"], [2, 7, 17, 3], { stride: [2, 2] }),
  layer("stride-2-even", ["edge"], [1, 8, 14, 5], { stride: [2, 2] }),
  layer("stride-2-pad-after", ["edge"], [1, 6, 16, 3], { stride: [2, 2], pad: [0, 1, 0, 1] }),
  layer("stride-2-pads-distinct", ["edge"], [2, 67, 11, 3], { stride: [2, 2], pad: [3, 0, 2, 4] }),
  layer("stride-2-left-over", ["edge"], [1, 8, 10, 4], { stride: [2, 2], pad: [0, 0, 0, 0] }),
  layer("strides-distinct", ["edge"], [1, 9, 7, 4], { stride: [1, 2] }),
  layer("dilated", ["edge"], [1, 9, 8, 5], { dilation: [2, 3], pad: [2, 2, 3, 3] }),
  layer("kernel-5", ["edge"], [1, 7, 9, 6], { kernel: [5, 5], pad: [2, 2, 2, 2], stride: [2, 2] }),
  layer("four", ["edge"], [2, 5, 10, 8], { pad: [0, 2, 2, 1] }),
  layer("four-stride-2", ["edge"], [2, 9, 13, 12], { stride: [2, 2], pad: [1, 0, 0, 1] }),
  layer("mobilenet-v2-wide", ["model"], [1, 56, 56, 48], { stride: [2, 2] }),
  layer("mobilenet-v2-deep", ["model"], [2, 7, 7, 480]),
  layer("mobilenet-v2-middle", ["model"], [1, 28, 28, 96]),
  layer("bench-dw3", ["bench"], [16, 56, 56, 144]),
  layer("bench-dw3-stride-2", ["bench"], [16, 56, 56, 144], { stride: [2, 2] }),
  layer("bench-dw3-deep", ["bench"], [16, 7, 7, 960]),
];

function specsOf({ x: [n, h, w, c], kernel, window }: Layer) {
  const x = f32(n, h, w, c);
  const weight = f32(...kernel, 1, c);
  const geometry = convGeometry("depthwiseConv2d", x, weight, { ...window, groups: c });
  return { geometry, x, weight, dy: f32(n, geometry.oh, geometry.ow, c) };
}

const inputGradOf = (l: Layer): Case<WindowInputGradParams> => {
  const { weight, dy } = specsOf(l);
  const params = { ...l.window, inputSize: [l.x[1], l.x[2]] as const };
  return { name: l.name, tags: l.tags, inputs: [dy, weight], params };
};

/** The sums of some layers end in an epilogue. */
const ended: readonly (readonly [layer: string, extras: readonly Extra[], activation: Activation])[] = [
  ["distinct", ["scale", "residual", "gate"], "relu"],
  ["strip+1", ["gate"], "relu6"],
  ["pads-distinct", ["scale", "residual", "gate"], "relu6"],
  ["stride-2-pads-distinct", ["scale", "gate"], "relu6"],
  ["four", ["scale", "residual", "gate"], "relu6"],
  ["stride-2-even", ["scale", "residual"], "none"],
  ["mobilenet-v2-wide", ["gate"], "relu6"],
];

export const depthwiseConv2dInputGradCases: readonly Case<WindowInputGradParams>[] = [
  ...layers.map(inputGradOf),
  ...ended.map(([name, extras, activation]) => {
    const l = layers.find((layer) => layer.name === name)!;
    return withExtras(inputGradOf(l), f32(...l.x), extras, activation);
  }),
];

export const depthwiseConv2dWeightGradCases: readonly Case<WindowWeightGradParams>[] = layers.map((l) => {
  const { x, dy } = specsOf(l);
  return { name: l.name, tags: l.tags, inputs: [x, dy], params: { ...l.window, kernel: l.kernel } };
});

/** Both gradients of some layers; a gate has values at, between and beyond the kinks. */
const gradsOf = (
  l: Layer,
  { gate, isScaled = false, sums }: Pick<WindowGradsParams, "gate" | "sums"> & { readonly isScaled?: boolean } = {},
): Case<WindowGradsParams> => {
  const { x, weight, dy } = specsOf(l);
  return {
    name: [
      l.name,
      ...(isScaled ? ["scale"] : []),
      ...(gate ? ["gate"] : []),
      ...(sums ? [`sums-${sums.join("-")}`] : []),
    ].join(" "),
    tags: l.tags,
    inputs: [dy, weight, x, ...(isScaled ? [f32(x.shape[3]!)] : [])],
    params: { ...l.window, ...(gate && { gate }), ...(sums && { sums }) },
    ...(gate && {
      fill: (input: number, index: number, random: () => number) =>
        input === 2 ? ([3, 0, 6, -1, 7][index % 11] ?? 6 * random()) : 2 * random() - 1,
    }),
  };
};

const named = (name: string): Layer => layers.find((l) => l.name === name)!;

const isJoint = (l: Layer): boolean => fitsStrip(specsOf(l).geometry);

export const depthwiseConv2dGradsCases: readonly Case<WindowGradsParams>[] = [
  ...layers.filter(isJoint).map((l) => gradsOf(l)),
  gradsOf(named("pads-wide"), { gate: "relu", isScaled: true }),
  gradsOf(named("strip+1"), { gate: "relu" }),
  gradsOf(named("pads-distinct"), { gate: "relu6", isScaled: true }),
  gradsOf(named("stride-2-pads-distinct"), { gate: "relu6" }),
  gradsOf(named("four"), { isScaled: true }),
  gradsOf(named("four-stride-2"), { gate: "relu6", isScaled: true }),
  gradsOf(named("mobilenet-v2-wide"), { gate: "relu6" }),
  gradsOf(named("mobilenet-v2-middle"), { gate: "relu6" }),
  gradsOf(named("one-pixel"), { sums: ["dx", "dy"] }),
  gradsOf(named("long-strip"), { sums: ["dy"] }),
  gradsOf(named("strip+1"), { gate: "relu", sums: ["dx", "dy"] }),
  gradsOf(named("pads-distinct"), { gate: "relu6", isScaled: true, sums: ["dx"] }),
  gradsOf(named("unpadded"), { sums: ["dy", "dx"] }),
  gradsOf(named("four"), { isScaled: true, sums: ["dx"] }),
  gradsOf(named("four-stride-2"), { gate: "relu6", isScaled: true, sums: ["dx", "dy"] }),
  gradsOf(named("stride-2-odd"), { gate: "relu6", sums: ["dx", "dy"] }),
  gradsOf(named("stride-2-pad-after"), { sums: ["dy"] }),
  gradsOf(named("mobilenet-v2-wide"), { gate: "relu6", sums: ["dx", "dy"] }),
  gradsOf(named("mobilenet-v2-middle"), { gate: "relu6", sums: ["dx", "dy"] }),
];
