import { f32, type Spec } from "../../spec.js";
import type { Case, CaseTag } from "../../testing/record.js";
import type { ExpandDepthwiseParams } from "./geometry.js";

interface Options extends Partial<ExpandDepthwiseParams> {
  /** [KH, KW], 3x3 when left out. */
  readonly kernel?: readonly [number, number];
  /** [EH, EW], 1x1 when left out. */
  readonly expand?: readonly [number, number];
}

const same = [1, 1, 1, 1] as const;
const usual: ExpandDepthwiseParams = {
  ...{ expandStride: [1, 1], expandPad: [0, 0, 0, 0] },
  ...{ stride: [1, 1], pad: same, dilation: [1, 1], activation: "relu6", expandedActivation: "relu6" },
  biases: ["expanded", "result"],
};

/** Input [n, h, w, k] expanded to c channels. */
function block(
  name: string,
  tags: readonly CaseTag[],
  [n, h, w, k]: readonly [number, number, number, number],
  c: number,
  { kernel: [kh, kw] = [3, 3], expand: [eh, ew] = [1, 1], ...given }: Options = {},
): Case<ExpandDepthwiseParams> {
  const params = { ...usual, ...given };
  const inputs: Spec[] = [f32(n, h, w, k), f32(eh, ew, k, c), f32(kh, kw, 1, c), ...params.biases.map(() => f32(c))];
  // Large enough that relu6 cuts on both sides.
  return { name, tags, inputs, params, fill: (input, _, random) => (input === 0 ? 6 : 1) * (2 * random() - 1) };
}

export const expandDepthwiseCases: readonly Case<ExpandDepthwiseParams>[] = [
  block("distinct", ["edge"], [2, 5, 8, 3], 7, { kernel: [4, 2], pad: [1, 0, 2, 1] }),
  block("equal", ["edge"], [1, 3, 3, 3], 3),
  block("one-pixel", ["edge"], [1, 1, 1, 5], 6, { expandedActivation: "relu" }),
  block("one-input-channel", ["edge"], [2, 4, 7, 1], 9, { biases: [] }),
  block("unpadded", ["edge"], [1, 6, 10, 4], 5, { pad: [0, 0, 0, 0], biases: ["expanded"], activation: "none" }),
  block("unactivated", ["edge"], [1, 7, 5, 6], 10, {
    expandedActivation: "none",
    activation: "none",
    biases: ["result"],
  }),
  block("pads-distinct", ["edge"], [1, 5, 11, 3], 33, { pad: [0, 2, 3, 1], activation: "relu" }),
  block("pads-wide", ["edge"], [1, 3, 4, 2], 6, { pad: [4, 3, 3, 5] }),
  block("strip-1", ["edge"], [1, 6, 13, 5], 23),
  block("strip", ["edge"], [2, 4, 14, 8], 32),
  block("strip+1", ["edge"], [1, 5, 15, 9], 34, { biases: ["expanded"] }),
  block("long-strip", ["edge"], [1, 67, 9, 2], 4),
  block("stride-2-odd", ["edge"], [2, 7, 17, 3], 12, { stride: [2, 2] }),
  block("stride-2-even", ["edge"], [1, 8, 14, 6], 35, { stride: [2, 2], biases: ["result"] }),
  block("stride-2-pad-after", ["edge"], [1, 6, 16, 4], 8, { stride: [2, 2], pad: [0, 1, 0, 1] }),
  block("stride-2-unpadded", ["edge"], [1, 11, 32, 4], 16, { stride: [2, 2], pad: [0, 0, 0, 0], activation: "none" }),
  block("stride-2-long", ["edge"], [1, 71, 6, 3], 5, { stride: [2, 2] }),
  block("strides-distinct", ["edge"], [1, 9, 7, 4], 6, { stride: [1, 2] }),
  block("dilated", ["edge"], [1, 9, 8, 5], 8, { dilation: [2, 3], pad: [2, 2, 3, 3] }),
  block("kernel-5", ["edge"], [1, 7, 9, 6], 12, { kernel: [5, 5], pad: [2, 2, 2, 2], stride: [2, 2] }),
  block("window", ["edge"], [2, 7, 9, 3], 8, { expand: [3, 3], expandPad: same }),
  block("window-distinct", ["edge"], [1, 9, 11, 2], 12, { expand: [2, 4], expandPad: [1, 0, 2, 3], biases: [] }),
  block("window-stride-2", ["edge"], [2, 13, 31, 3], 7, { expand: [3, 3], expandPad: same, expandStride: [2, 2] }),
  block("window-strides", ["edge"], [1, 17, 14, 5], 36, {
    ...{ expand: [3, 2], expandPad: [0, 3, 1, 2], expandStride: [2, 1], stride: [2, 2], activation: "none" },
  }),
  block("window-only-padding", ["edge"], [1, 2, 3, 4], 6, { expand: [3, 3], expandPad: [3, 3, 4, 3] }),
  block("pointwise-padded", ["edge"], [1, 4, 6, 4], 8, { expandPad: [1, 0, 0, 2] }),
  block("pointwise-strided", ["edge"], [1, 9, 13, 4], 8, { expandStride: [2, 2] }),
  block("mobilenet-v2-stem", ["model"], [1, 64, 64, 3], 32, {
    ...{ expand: [3, 3], expandPad: same, expandStride: [2, 2] },
  }),
  block("mobilenet-v2-first", ["model"], [1, 56, 56, 16], 96, { stride: [2, 2] }),
  block("mobilenet-v2-wide", ["model"], [1, 28, 28, 24], 144),
  block("mobilenet-v2-middle", ["model"], [2, 14, 14, 32], 192),
  block("bench-stem", ["bench"], [8, 224, 224, 3], 32, { expand: [3, 3], expandPad: same, expandStride: [2, 2] }),
  block("bench-first", ["bench"], [8, 112, 112, 16], 96, { stride: [2, 2] }),
  block("bench-wide", ["bench"], [8, 56, 56, 24], 144),
  block("bench-wide-stride-2", ["bench"], [8, 56, 56, 24], 144, { stride: [2, 2] }),
  block("bench-middle", ["bench"], [8, 28, 28, 32], 192),
];
