/**
 * MobileNetV3: inverted residual blocks, some with squeeze and excitation, between a 3x3 stem and a 1x1 top. ReLU in the wide
 * and shallow blocks, hard-swish elsewhere.
 *
 *   block   1x1 expansion unless it expands nothing, depthwise, squeeze and excitation, 1x1 projection; plus the input where
 *           stride is 1 and C = OC. All convolutions have a batch norm of eps 1e-3
 *   head    global average, then a hidden dense layer, which is taken to be part of the backbone: a new head takes the place of
 *           the last layer alone
 *
 * Shapes   image [N, S, S, 3] -> features [N, 1024] of the small, [N, 1280] of the large one
 * Source   Howard et al. 2019, Searching for MobileNetV3, tables 1 and 2; names of tensors and modules are torchvision's
 */
import { add, hardSigmoid, hardSwish, type NoParams, type Op, relu, type Value } from "@tlx/kernels";
import { type ConvOptions, globalAveragePool, linear, type Scope, squeezeExcite } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import { makeDivisible } from "../make-divisible.js";
import type { BatchNormForm } from "../model.js";

/** A row of the tables: depthwise kernel, expanded channels, output channels, squeeze and excitation, activation, stride. */
export type Row = readonly [
  kernel: number,
  wide: number,
  out: number,
  isGated: boolean,
  activation: "relu" | "hardSwish",
  stride: number,
];

export interface MobileNetV3Shape {
  readonly rows: readonly Row[];
  /** Units of the hidden dense layer. */
  readonly hidden: number;
}

const EPS = 1e-3;
const STEM = 16;

/** Convolution `0` and batch norm `1`, and the activation where there is one. */
function convolve(s: Scope, x: Value, options: ConvOptions, form: BatchNormForm, activation?: Op<NoParams>): Value {
  const y = convNorm(s, x, { conv: "0", norm: "1" }, options, form, EPS);
  return activation ? s.at("2").apply(activation, [y], {}) : y;
}

function invertedResidual(s: Scope, x: Value, row: Row, form: BatchNormForm): Value {
  const [kernel, wide, out, isGated, kind, stride] = row;
  const channels = x.spec.shape[3];
  const activation = kind === "relu" ? relu : hardSwish;
  const block = s.at("block");
  const pad = (kernel - 1) / 2;
  let at = 0;
  const next = (): Scope => block.at(`${at++}`);
  let y = x;
  if (wide !== channels) y = convolve(next(), y, { out: wide, kernel: 1 }, form, activation);
  y = convolve(next(), y, { out: wide, kernel, stride, pad, groups: wide }, form, activation);
  if (isGated) y = squeezeExcite(next(), y, { squeezed: makeDivisible(wide / 4), activation: relu, gate: hardSigmoid });
  y = convolve(next(), y, { out, kernel: 1 }, form);
  return stride === 1 && channels === out ? s.apply(add, [x, y], {}) : y;
}

export function buildMobileNetV3Backbone(
  s: Scope,
  image: Value,
  form: BatchNormForm,
  { rows, hidden }: MobileNetV3Shape,
): Value {
  const features = s.at("features");
  const [stem, top] = [features.at("0"), features.at(`${rows.length + 1}`)];
  let x = stem.mark(convolve(stem, image, { out: STEM, kernel: 3, stride: 2, pad: 1 }, form, hardSwish));
  rows.forEach((row, i) => {
    const here = features.at(`${i + 1}`);
    x = here.mark(invertedResidual(here, x, row, form));
  });
  x = top.mark(convolve(top, x, { out: 6 * x.spec.shape[3], kernel: 1 }, form, hardSwish));
  const pool = s.at("avgpool");
  const layer = s.at("classifier.0");
  const units = layer.mark(linear(layer, pool.mark(globalAveragePool(pool, x)), hidden));
  const last = s.at("classifier.1");
  return last.mark(last.apply(hardSwish, [units], {}));
}

/** The last dense layer. torchvision's dropout `classifier.2` before it does nothing in a frozen network. */
export const buildMobileNetV3Classifier = (s: Scope, features: Value, classes: number): Value =>
  linear(s.at("classifier.3"), features, classes);
