/**
 * tlx-nano: MobileNetV2 with half of the channels inside its blocks, for pictures of 96 pixels.
 *
 *   block   1x1 expansion, ReLU6, 3x3 depthwise, ReLU6, 1x1 projection; plus the input where stride is 1 and C = OC
 *
 * Between blocks there are as many channels as in MobileNetV2, and as many features, so that it can begin as MobileNetV2 pruned.
 *
 * Shapes   image [N, S, S, 3] -> features [N, S/32, S/32, 1280]
 * Source   Sandler et al. 2018, table 2, with expansions of 3 in place of 6 and a stem of 16 channels
 */
import { add, type Value } from "@tlx/kernels";
import { activate, type ConvOptions, type Scope } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

/** Expansion factor, output channels, blocks, stride of the first block. */
const stages = [
  [1, 16, 1, 1],
  [3, 24, 2, 2],
  [3, 32, 3, 2],
  [3, 64, 4, 2],
  [3, 96, 3, 1],
  [3, 160, 3, 2],
  [3, 320, 1, 1],
] as const;

const STEM = 16;
const TOP = 1280;

function convNormRelu6(s: Scope, x: Value, options: ConvOptions, form: BatchNormForm): Value {
  return activate(s.at("relu"), convNorm(s, x, { conv: "conv", norm: "norm" }, options, form), "relu6");
}

function block(
  s: Scope,
  x: Value,
  shape: { expansion: number; out: number; stride: number },
  form: BatchNormForm,
): Value {
  const { expansion, out, stride } = shape;
  const channels = x.spec.shape[3] as number;
  const wide = channels * expansion;
  const expanded = expansion === 1 ? x : convNormRelu6(s.at("expand"), x, { out: wide, kernel: 1 }, form);
  const spread = convNormRelu6(
    s.at("depthwise"),
    expanded,
    { out: wide, kernel: 3, stride, pad: 1, groups: wide },
    form,
  );
  const y = convNorm(s.at("project"), spread, { conv: "conv", norm: "norm" }, { out, kernel: 1 }, form);
  return stride === 1 && channels === out ? s.apply(add, [x, y], {}) : y;
}

export function buildTlxNano(s: Scope, image: Value, form: BatchNormForm): Value {
  const stem = s.at("stem");
  let x = stem.mark(convNormRelu6(stem, image, { out: STEM, kernel: 3, stride: 2, pad: 1 }, form));
  let at = 0;
  for (const [expansion, out, blocks, firstStride] of stages) {
    for (let i = 0; i < blocks; i++) {
      const here = s.at(`blocks.${at++}`);
      x = here.mark(block(here, x, { expansion, out, stride: i === 0 ? firstStride : 1 }, form));
    }
  }
  const top = s.at("top");
  return top.mark(convNormRelu6(top, x, { out: TOP, kernel: 1 }, form));
}
