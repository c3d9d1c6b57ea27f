/**
 * ResNets: a 7x7 stem with a pool, then four stages of residual blocks.
 *
 *   block        some convolutions with ReLU between, plus the input, ReLU; a 1x1 convolution brings the input to the new
 *                shape where a stage begins with one
 *   basic        3x3, 3x3
 *   bottleneck   1x1 to a quarter of the channels, 3x3, 1x1; the 3x3 has the stride, as in torchvision ("v1.5")
 *
 * Shapes   image [N, S, S, 3] -> features [N, S/32, S/32, C]; C = 512 of basic blocks, 2048 of bottlenecks
 * Source   He et al. 2015, table 1; tensor names are torchvision's
 */
import { add, type Value } from "@tlx/kernels";
import { activate, globalAveragePool, linear, maxPool, type Scope } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

/** What a block adds to its input, before the last ReLU: the result of its convolutions. */
type Branch = (s: Scope, x: Value, out: number, stride: number, form: BatchNormForm) => Value;

/** Convolution `conv<i>` and batch norm `bn<i>`. */
const numbered = (i: number) => ({ conv: `conv${i}`, norm: `bn${i}` });

/** Two 3x3 convolutions. */
export const basicBranch: Branch = (s, x, out, stride, form) => {
  const first = convNorm(s, x, numbered(1), { out, kernel: 3, stride, pad: 1 }, form);
  return convNorm(s, activate(s.at("relu"), first, "relu"), numbered(2), { out, kernel: 3, pad: 1 }, form);
};

/** 1x1, 3x3 and 1x1, the first two with a quarter of the channels. */
export const bottleneckBranch: Branch = (s, x, out, stride, form) => {
  const narrow = out / 4;
  const relu = (y: Value): Value => activate(s.at("relu"), y, "relu");
  const first = relu(convNorm(s, x, numbered(1), { out: narrow, kernel: 1 }, form));
  const second = relu(convNorm(s, first, numbered(2), { out: narrow, kernel: 3, stride, pad: 1 }, form));
  return convNorm(s, second, numbered(3), { out, kernel: 1 }, form);
};

export interface ResNetShape {
  readonly branch: Branch;
  /** Channels of the first stage; each later one has twice those of the one before and begins with stride 2. */
  readonly channels: number;
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
}

function block(s: Scope, x: Value, branch: Branch, out: number, stride: number, form: BatchNormForm): Value {
  const y = branch(s, x, out, stride, form);
  const reshapes = stride !== 1 || x.spec.shape[3] !== out;
  const identity = reshapes
    ? convNorm(s.at("downsample"), x, { conv: "0", norm: "1" }, { out, kernel: 1, stride }, form)
    : x;
  return activate(s.at("relu"), s.apply(add, [y, identity], {}), "relu");
}

export function buildResNetBackbone(
  s: Scope,
  image: Value,
  form: BatchNormForm,
  { branch, channels, blocks }: ResNetShape,
): Value {
  const stem = convNorm(s, image, numbered(1), { out: 64, kernel: 7, stride: 2, pad: 3 }, form);
  const pool = s.at("maxpool");
  let x = pool.mark(maxPool(pool, activate(s.at("relu"), stem, "relu"), { kernel: 3, stride: 2, pad: 1 }));
  blocks.forEach((count, i) => {
    const stage = s.at(`layer${i + 1}`);
    for (let at = 0; at < count; at++) {
      const here = stage.at(`${at}`);
      x = here.mark(block(here, x, branch, channels * 2 ** i, i > 0 && at === 0 ? 2 : 1, form));
    }
    stage.mark(x);
  });
  return x;
}

/** Global average and a dense layer. */
export function buildResNetClassifier(s: Scope, features: Value, classes: number): Value {
  const pool = s.at("avgpool");
  return linear(s.at("fc"), pool.mark(globalAveragePool(pool, features)), classes);
}
