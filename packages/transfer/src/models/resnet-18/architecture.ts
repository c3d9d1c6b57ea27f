/**
 * ResNet-18: a 7x7 stem with a pool, then four stages of two residual blocks.
 *
 *   block   3x3 convolution, ReLU, 3x3 convolution, plus the input, ReLU; a 1x1 convolution brings the input to the new
 *           shape where a stage begins with one
 *
 * Shapes   image [N, S, S, 3] -> features [N, S/32, S/32, 512]
 * Source   He et al. 2015, table 1; tensor names are torchvision's
 */
import { add, type Value } from "@tlx/kernels";
import { activate, globalAveragePool, linear, maxPool, type Scope } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

/** Channels of the stages; all but the first begin with stride 2. */
const stages = [64, 128, 256, 512] as const;

function basicBlock(s: Scope, x: Value, out: number, stride: number, form: BatchNormForm): Value {
  const first = convNorm(s, x, { conv: "conv1", norm: "bn1" }, { out, kernel: 3, stride, pad: 1 }, form);
  const y = activate(s.at("relu"), first, "relu");
  const second = convNorm(s, y, { conv: "conv2", norm: "bn2" }, { out, kernel: 3, pad: 1 }, form);
  const reshapes = stride !== 1 || x.spec.shape[3] !== out;
  const identity = reshapes
    ? convNorm(s.at("downsample"), x, { conv: "0", norm: "1" }, { out, kernel: 1, stride }, form)
    : x;
  return activate(s.at("relu"), s.apply(add, [second, identity], {}), "relu");
}

export function buildResNet18Backbone(s: Scope, image: Value, form: BatchNormForm): Value {
  const stem = convNorm(s, image, { conv: "conv1", norm: "bn1" }, { out: 64, kernel: 7, stride: 2, pad: 3 }, form);
  const pool = s.at("maxpool");
  let x = pool.mark(maxPool(pool, activate(s.at("relu"), stem, "relu"), { kernel: 3, stride: 2, pad: 1 }));
  stages.forEach((out, i) => {
    const stage = s.at(`layer${i + 1}`);
    for (const block of [0, 1]) {
      const here = stage.at(`${block}`);
      x = here.mark(basicBlock(here, x, out, i > 0 && block === 0 ? 2 : 1, form));
    }
    stage.mark(x);
  });
  return x;
}

/** Global average and a dense layer. */
export function buildResNet18Classifier(s: Scope, features: Value, classes: number): Value {
  const pool = s.at("avgpool");
  return linear(s.at("fc"), pool.mark(globalAveragePool(pool, features)), classes);
}
