/**
 * EfficientNet-B0: inverted residual blocks with squeeze and excitation between a 3x3 stem and a 1x1 top, SiLU throughout.
 *
 *   block   1x1 expansion unless it expands nothing, depthwise, squeeze and excitation, which squeezes to a quarter of the
 *           block's own input channels, 1x1 projection; plus the input where stride is 1 and C = OC
 *
 * Shapes   image [N, S, S, 3] -> features [N, S/32, S/32, 1280]
 * Source   Tan and Le 2019, table 1; names of tensors and modules are torchvision's, whose stochastic depth is of training alone
 */
import { add, type NoParams, type Op, sigmoid, silu, type Value } from "@tlx/kernels";
import { type ConvOptions, globalAveragePool, linear, type Scope, squeezeExcite } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

/** Rows of table 1: expansion factor, depthwise kernel, stride of the first block, output channels, blocks. */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

/** Convolution `0` and batch norm `1`, and the activation where there is one. */
function convolve(s: Scope, x: Value, options: ConvOptions, form: BatchNormForm, activation?: Op<NoParams>): Value {
  const y = convNorm(s, x, { conv: "0", norm: "1" }, options, form);
  return activation ? s.at("2").apply(activation, [y], {}) : y;
}

interface BlockShape {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly out: number;
}

function block(s: Scope, x: Value, { expansion, kernel, stride, out }: BlockShape, form: BatchNormForm): Value {
  const channels = x.spec.shape[3];
  const wide = channels * expansion;
  const pad = (kernel - 1) / 2;
  let at = 0;
  const next = (): Scope => s.at("block").at(`${at++}`);
  let y = x;
  if (expansion > 1) y = convolve(next(), y, { out: wide, kernel: 1 }, form, silu);
  y = convolve(next(), y, { out: wide, kernel, stride, pad, groups: wide }, form, silu);
  y = squeezeExcite(next(), y, { squeezed: channels / 4, activation: silu, gate: sigmoid });
  y = convolve(next(), y, { out, kernel: 1 }, form);
  return stride === 1 && channels === out ? s.apply(add, [x, y], {}) : y;
}

export function buildEfficientNetB0Backbone(s: Scope, image: Value, form: BatchNormForm): Value {
  const features = s.at("features");
  const [stem, top] = [features.at("0"), features.at(`${stages.length + 1}`)];
  let x = stem.mark(convolve(stem, image, { out: 32, kernel: 3, stride: 2, pad: 1 }, form, silu));
  stages.forEach(([expansion, kernel, firstStride, out, blocks], i) => {
    const stage = features.at(`${i + 1}`);
    for (let at = 0; at < blocks; at++) {
      const here = stage.at(`${at}`);
      x = here.mark(block(here, x, { expansion, kernel, out, stride: at === 0 ? firstStride : 1 }, form));
    }
    stage.mark(x);
  });
  return top.mark(convolve(top, x, { out: 1280, kernel: 1 }, form, silu));
}

/** Global average and a dense layer. torchvision's dropout `classifier.0` does nothing in a frozen network. */
export function buildEfficientNetB0Classifier(s: Scope, features: Value, classes: number): Value {
  const pool = s.at("avgpool");
  return linear(s.at("classifier.1"), pool.mark(globalAveragePool(pool, features)), classes);
}
