/**
 * SqueezeNet: eight fire modules, no batch norm, the classifier a 1x1 convolution.
 *
 *   fire   1x1 squeeze, ReLU, then 1x1 and 3x3 expansions side by side, ReLU each, joined along the channels
 *
 * Shapes   image [N, S, S, 3] -> features [N, H, W, 512]; H = W = 13 for S = 224
 * Source   Iandola et al. 2016; release 1.1 of the authors has a smaller stem and pools moved forward; tensor names are
 *          torchvision's
 */
import type { Value } from "@tlx/kernels";
import { activate, concat, conv2d, globalAveragePool, maxPool, type Scope } from "@tlx/nn";

/** Channels of squeeze and of each expansion, or a pool. */
type Module = readonly [squeeze: number, expand: number] | "pool";

export interface SqueezeNetShape {
  /** Output channels and kernel of the convolution `features.0`. */
  readonly stem: readonly [out: number, kernel: number];
  /** `features.2` and on. */
  readonly modules: readonly Module[];
}

function fire(s: Scope, x: Value, squeeze: number, expand: number): Value {
  const squeezed = activate(
    s.at("squeeze_activation"),
    conv2d(s.at("squeeze"), x, { out: squeeze, kernel: 1, bias: true }),
    "relu",
  );
  const narrow = conv2d(s.at("expand1x1"), squeezed, { out: expand, kernel: 1, bias: true });
  const wide = conv2d(s.at("expand3x3"), squeezed, { out: expand, kernel: 3, pad: 1, bias: true });
  return concat(s, [
    activate(s.at("expand1x1_activation"), narrow, "relu"),
    activate(s.at("expand3x3_activation"), wide, "relu"),
  ]);
}

export function buildSqueezeNetBackbone(
  s: Scope,
  image: Value,
  { stem: [out, kernel], modules }: SqueezeNetShape,
): Value {
  const features = s.at("features");
  const stem = features.at("0");
  let x = stem.mark(conv2d(stem, image, { out, kernel, stride: 2, bias: true }));
  x = features.at("1").mark(activate(features.at("1"), x, "relu"));
  modules.forEach((module, i) => {
    const here = features.at(`${i + 2}`);
    const y =
      module === "pool"
        ? maxPool(here, x, { kernel: 3, stride: 2, ceilMode: true })
        : fire(here, x, module[0], module[1]);
    x = here.mark(y);
  });
  return x;
}

/** 1x1 convolution, ReLU, global average: logits are never negative. */
export function buildSqueezeNetClassifier(s: Scope, features: Value, classes: number): Value {
  const scores = conv2d(s.at("classifier.1"), features, { out: classes, kernel: 1, bias: true });
  return globalAveragePool(s.at("classifier.3"), activate(s.at("classifier.2"), scores, "relu"));
}
