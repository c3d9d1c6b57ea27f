/**
 * Inception-v3: a stem, then eleven mixed blocks, which join branches of convolutions and a pool along the channels. The
 * auxiliary classifier, which only training from nothing uses, is left out.
 *
 *   Mixed_5*, 6*, 7*   at 35x35, 17x17 and 8x8 pixels of pictures of 299; the first of 6 and of 7 halves height and width.
 *                      Convolutions of 6b to 6e are 1x7 and 7x1, those of 7b and 7c split into 1x3 and 3x1 side by side
 *   convolution        with batch norm of eps 1e-3 and ReLU
 *   branch_pool        averages 3x3: torchvision's count the padding as zeros, TensorFlow's leave it out
 *
 * Shapes   image [N, S, S, 3] -> features [N, H, W, 2048]; H = W = 8 for S = 299, S at least 75
 * Source   Szegedy et al. 2015, Rethinking the Inception Architecture; names of tensors and modules are torchvision's
 */
import type { Value } from "@tlx/kernels";
import {
  activate,
  averagePool,
  type ConvOptions,
  concat,
  globalAveragePool,
  linear,
  maxPool,
  type Scope,
} from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

export interface InceptionV3Options {
  readonly form: BatchNormForm;
  /** Do averages count the padding? */
  readonly countPadding: boolean;
}

const EPS = 1e-3;

function conv(s: Scope, x: Value, options: ConvOptions, { form }: InceptionV3Options): Value {
  return activate(s.at("relu"), convNorm(s, x, { conv: "conv", norm: "bn" }, options, form, EPS), "relu");
}

const point = (out: number): ConvOptions => ({ out, kernel: 1 });
const square = (out: number): ConvOptions => ({ out, kernel: 3, pad: 1 });
const shrink = (out: number): ConvOptions => ({ out, kernel: 3, stride: 2 });
const row = (out: number, length: number): ConvOptions => ({ out, kernel: [1, length], pad: [0, (length - 1) / 2] });
const column = (out: number, length: number): ConvOptions => ({ out, kernel: [length, 1], pad: [(length - 1) / 2, 0] });

/** Convolutions `<name>_1`, `<name>_2`, ... one after the other. */
const chain = (s: Scope, x: Value, name: string, convs: readonly ConvOptions[], options: InceptionV3Options): Value =>
  convs.reduce((y, one, i) => conv(s.at(`${name}_${i + 1}`), y, one, options), x);

function branchPool(s: Scope, x: Value, out: number, options: InceptionV3Options): Value {
  const here = s.at("branch_pool");
  const { countPadding } = options;
  return conv(here, averagePool(here, x, { kernel: 3, pad: 1, countPadding }), point(out), options);
}

const halve = (s: Scope, x: Value): Value => maxPool(s, x, { kernel: 3, stride: 2 });

/** Joins what branches make of one value, in torchvision's order. */
type Mixed = (s: Scope, x: Value, options: InceptionV3Options) => readonly Value[];

const mixed5 =
  (pooled: number): Mixed =>
  (s, x, options) => [
    conv(s.at("branch1x1"), x, point(64), options),
    chain(s, x, "branch5x5", [point(48), { out: 64, kernel: 5, pad: 2 }], options),
    chain(s, x, "branch3x3dbl", [point(64), square(96), square(96)], options),
    branchPool(s, x, pooled, options),
  ];

const mixed6a: Mixed = (s, x, options) => [
  conv(s.at("branch3x3"), x, shrink(384), options),
  chain(s, x, "branch3x3dbl", [point(64), square(96), shrink(96)], options),
  halve(s, x),
];

const mixed6 =
  (narrow: number): Mixed =>
  (s, x, options) => {
    const [across, down] = [row(narrow, 7), column(narrow, 7)];
    return [
      conv(s.at("branch1x1"), x, point(192), options),
      chain(s, x, "branch7x7", [point(narrow), across, column(192, 7)], options),
      chain(s, x, "branch7x7dbl", [point(narrow), down, across, down, row(192, 7)], options),
      branchPool(s, x, 192, options),
    ];
  };

const mixed7a: Mixed = (s, x, options) => [
  chain(s, x, "branch3x3", [point(192), shrink(320)], options),
  chain(s, x, "branch7x7x3", [point(192), row(192, 7), column(192, 7), shrink(192)], options),
  halve(s, x),
];

/** Convolutions `<name>a`, 1x3, and `<name>b`, 3x1, of one value side by side. */
const split = (s: Scope, x: Value, name: string, options: InceptionV3Options): readonly Value[] => [
  conv(s.at(`${name}a`), x, row(384, 3), options),
  conv(s.at(`${name}b`), x, column(384, 3), options),
];

const mixed7: Mixed = (s, x, options) => [
  conv(s.at("branch1x1"), x, point(320), options),
  ...split(s, conv(s.at("branch3x3_1"), x, point(384), options), "branch3x3_2", options),
  ...split(s, chain(s, x, "branch3x3dbl", [point(448), square(384)], options), "branch3x3dbl_3", options),
  branchPool(s, x, 192, options),
];

const stem: readonly (readonly [name: string, layer: ConvOptions | "pool"])[] = [
  ["Conv2d_1a_3x3", { out: 32, kernel: 3, stride: 2 }],
  ["Conv2d_2a_3x3", { out: 32, kernel: 3 }],
  ["Conv2d_2b_3x3", { out: 64, kernel: 3, pad: 1 }],
  ["maxpool1", "pool"],
  ["Conv2d_3b_1x1", { out: 80, kernel: 1 }],
  ["Conv2d_4a_3x3", { out: 192, kernel: 3 }],
  ["maxpool2", "pool"],
];

const mixed: readonly (readonly [name: string, block: Mixed])[] = [
  ["5b", /* @__PURE__ */ mixed5(32)],
  ["5c", /* @__PURE__ */ mixed5(64)],
  ["5d", /* @__PURE__ */ mixed5(64)],
  ["6a", mixed6a],
  ["6b", /* @__PURE__ */ mixed6(128)],
  ["6c", /* @__PURE__ */ mixed6(160)],
  ["6d", /* @__PURE__ */ mixed6(160)],
  ["6e", /* @__PURE__ */ mixed6(192)],
  ["7a", mixed7a],
  ["7b", mixed7],
  ["7c", mixed7],
];

export function buildInceptionV3Backbone(s: Scope, image: Value, options: InceptionV3Options): Value {
  let x = image;
  for (const [name, layer] of stem) {
    const here = s.at(name);
    x = here.mark(layer === "pool" ? halve(here, x) : conv(here, x, layer, options));
  }
  for (const [name, block] of mixed) {
    const here = s.at(`Mixed_${name}`);
    x = here.mark(concat(here, block(here, x, options)));
  }
  return x;
}

/** Global average and a dense layer; torchvision's dropout between them does nothing in a frozen network. */
export function buildInceptionV3Classifier(s: Scope, features: Value, classes: number): Value {
  const pool = s.at("avgpool");
  return linear(s.at("fc"), pool.mark(globalAveragePool(pool, features)), classes);
}
