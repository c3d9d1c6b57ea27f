/**
 * MobileNetV2: inverted residual blocks between a 3x3 stem and a 1x1 top, ReLU6 throughout.
 *
 *   block   1x1 expansion, ReLU6, 3x3 depthwise, ReLU6, 1x1 projection; plus the input where stride is 1 and C = OC
 *
 * Shapes   image [N, S, S, 3] -> features [N, S/32, S/32, 1280], or wider
 * Source   Sandler et al. 2018, table 2; tensor names are torchvision's
 */
import { add, type Value } from "@tlx/kernels";
import { activate, type ConvOptions, globalAveragePool, linear, type Scope } from "@tlx/nn";
import { convNorm } from "../conv-norm.js";
import type { BatchNormForm } from "../model.js";

/** Rows of table 2: expansion factor, output channels, blocks, stride of the first block. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

interface BlockShape {
  readonly expansion: number;
  readonly out: number;
  readonly stride: number;
  /** Has it an expansion convolution? */
  readonly expands: boolean;
}

/** Convolution `0`, batch norm `1`, ReLU6: torchvision's Conv2dNormActivation. */
function convNormRelu6(s: Scope, x: Value, options: ConvOptions, { form, eps }: NormOptions): Value {
  const y = convNorm(s, x, { conv: "0", norm: "1" }, options, form, eps);
  return activate(s.at("2"), y, "relu6");
}

/** Of a 3x3 window: one on each side, but Keras leaves out what even extents need not before their first step of 2. */
function padOf(x: Value, stride: number, { padsLate }: NormOptions): ConvOptions["pad"] {
  const [, h, w] = x.spec.shape;
  return padsLate && stride === 2 ? [h % 2, 1, w % 2, 1] : 1;
}

function invertedResidual(s: Scope, x: Value, shape: BlockShape, norm: NormOptions): Value {
  const { out, stride } = shape;
  const channels = x.spec.shape[3];
  const wide = channels * shape.expansion;
  const conv = s.at("conv");
  let at = 0;
  let y = x;
  if (shape.expands) y = convNormRelu6(conv.at(`${at++}`), y, { out: wide, kernel: 1 }, norm);
  const pad = padOf(y, stride, norm);
  y = convNormRelu6(conv.at(`${at++}`), y, { out: wide, kernel: 3, stride, pad, groups: wide }, norm);
  y = convNorm(conv, y, { conv: `${at}`, norm: `${at + 1}` }, { out, kernel: 1 }, norm.form, norm.eps);
  return stride === 1 && channels === out ? s.apply(add, [x, y], {}) : y;
}

export interface MobileNetV2Options {
  /** GluonCV keeps the expansion convolution in block 1, where it expands nothing; torchvision leaves it out. */
  readonly expandsBlock1?: boolean;
  /** As Keras has it: windows with a stride begin at the first pixel, and norms add 1e-3 to the variance. */
  readonly isKeras?: boolean;
  /** How many channels there are in place of as many. Default: as many. */
  readonly channels?: (usual: number) => number;
}

interface NormOptions {
  readonly form: BatchNormForm;
  readonly eps?: number;
  readonly padsLate?: boolean;
}

export function buildMobileNetV2Backbone(
  s: Scope,
  image: Value,
  form: BatchNormForm,
  options: MobileNetV2Options,
): Value {
  const features = s.at("features");
  const norm: NormOptions = { form, ...(options.isKeras && { eps: 1e-3, padsLate: true }) };
  const { channels = (usual) => usual } = options;
  const stem = { out: channels(32), kernel: 3, stride: 2, pad: padOf(image, 2, norm) };
  let x = features.at("0").mark(convNormRelu6(features.at("0"), image, stem, norm));
  let at = 1;
  for (const [expansion, usual, blocks, firstStride] of stages) {
    const out = channels(usual);
    for (let block = 0; block < blocks; block++) {
      const here = features.at(`${at++}`);
      const expands = expansion > 1 || options.expandsBlock1 === true;
      const stride = block === 0 ? firstStride : 1;
      x = here.mark(invertedResidual(here, x, { expansion, out, stride, expands }, norm));
    }
  }
  const top = features.at(`${at}`);
  return top.mark(convNormRelu6(top, x, { out: Math.max(1280, channels(1280)), kernel: 1 }, norm));
}

/** Global average and a dense layer. torchvision's dropout `classifier.0` does nothing in a frozen network. */
export function buildMobileNetV2Classifier(s: Scope, features: Value, classes: number): Value {
  const pool = s.at("avgpool");
  return linear(s.at("classifier.1"), pool.mark(globalAveragePool(pool, features)), classes);
}
