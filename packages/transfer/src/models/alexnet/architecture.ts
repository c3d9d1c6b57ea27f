/**
 * AlexNet: five convolutions and three dense layers, no batch norm.
 *
 *   The pool before the dense layers makes 6x6 pixels of pictures of any size. The second dense layer's results are the
 *   features, so that a new head takes the place of the third; torchvision's dropout does nothing here
 *
 * Shapes   image [N, S, S, 3] -> features [N, 4096]
 * Source   Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks, with one column; tensor names
 *          are torchvision's
 */
import type { Value } from "@tlx/kernels";
import {
  activate,
  adaptiveAveragePool,
  conv2d,
  expectLargeWeights,
  flattenPicture,
  linear,
  maxPool,
  type Scope,
} from "@tlx/nn";

/** Modules `features.0` and on: a convolution's channels, kernel, stride and padding with the ReLU after it, or a pool. */
const modules = [
  [64, 11, 4, 2],
  "pool",
  [192, 5, 1, 2],
  "pool",
  [384, 3, 1, 1],
  [256, 3, 1, 1],
  [256, 3, 1, 1],
  "pool",
] as const;

const PIXELS = 6; // height and width of what the dense layers see
const UNITS = 4096;

/** A module with a ReLU as the next one. */
function withRelu(s: Scope, at: number, layer: (here: Scope) => Value): Value {
  const [here, relu] = [s.at(`${at}`), s.at(`${at + 1}`)];
  return relu.mark(activate(relu, here.mark(layer(here)), "relu"));
}

export function buildAlexNetBackbone(s: Scope, image: Value): Value {
  expectLargeWeights(s); // classifier.1 has 151 MB
  const features = s.at("features");
  let x = image;
  let at = 0;
  for (const module of modules) {
    if (module === "pool") {
      const pool = features.at(`${at++}`);
      x = pool.mark(maxPool(pool, x, { kernel: 3, stride: 2 }));
    } else {
      const [out, kernel, stride, pad] = module;
      const before = x;
      x = withRelu(features, at, (here) => conv2d(here, before, { out, kernel, stride, pad, bias: true }));
      at += 2;
    }
  }
  const pool = s.at("avgpool");
  const row = flattenPicture(pool, pool.mark(adaptiveAveragePool(pool, x, PIXELS)));
  const dense = s.at("classifier");
  const first = withRelu(dense, 1, (here) => linear(here, row, UNITS));
  return withRelu(dense, 4, (here) => linear(here, first, UNITS));
}

/** The third dense layer. */
export const buildAlexNetClassifier = (s: Scope, features: Value, classes: number): Value =>
  linear(s.at("classifier.6"), features, classes);
