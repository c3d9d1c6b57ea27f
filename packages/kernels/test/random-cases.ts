/** Valid random uses of every op, as fast-check arbitraries. Extents favour 1, primes and the neighbours of tile sizes. */
import {
  type Activation,
  type Biased,
  type ConvParams,
  conv2d,
  depthwiseConv2d,
  type ExpandDepthwiseParams,
  type Extra,
  expandDepthwise,
  f32,
  hardSwish,
  type PixelChanges,
  type Spec,
  silu,
  sizeOf,
  u8,
  type WindowParams,
} from "@tlx/kernels";
import fc from "fast-check";
import { accumulateOver } from "../src/ops/accumulate/cases.js";
import { adamwStep } from "../src/ops/adamw/cases.js";
import { adaptiveAveragePoolGradOf } from "../src/ops/adaptive-average-pool/cases.js";
import { augmented } from "../src/ops/augment-image/cases.js";
import { batchNormOver } from "../src/ops/batch-norm/cases.js";
import { batchNormTrainingOver, inputGradOver, paramGradOver } from "../src/ops/batch-norm-training/cases.js";
import { curveGradFill, gateGradFill } from "../src/ops/curve-grad/cases.js";
import { distillationBatch } from "../src/ops/distillation/cases.js";
import { dropoutOf } from "../src/ops/dropout/cases.js";
import { unflattenPictureOf } from "../src/ops/flatten-picture/cases.js";
import { gatedPicture, gatedPictureGrad } from "../src/ops/gate-channels/cases.js";
import { packed, unpacked } from "../src/ops/half/cases.js";
import { pixels, resampleAlong } from "../src/ops/image/cases.js";
import { mixed } from "../src/ops/mix-samples/cases.js";
import { averagePoolGradOf, globalAveragePoolGradOf, maxPoolGradOf } from "../src/ops/pool/grad-cases.js";
import { acrossKinks } from "../src/ops/relu/cases.js";
import { reluResults } from "../src/ops/relu-grad/cases.js";
import { sgdStep } from "../src/ops/sgd/cases.js";
import { logits } from "../src/ops/softmax/cases.js";
import { crossEntropyBatch } from "../src/ops/softmax-cross-entropy/cases.js";
import { squaredErrorBatch } from "../src/ops/squared-error/cases.js";
import {
  bothGrads,
  conv2dOutput,
  depthwiseOutput,
  inputGrad,
  isJoint,
  type RandomCase,
  weightGrad,
  withExtras,
} from "./random-case.js";

const WORK = 500_000; // multiply-adds of one case: milliseconds in the reference and on a software adapter

const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const awkward = [1, 2, 3, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 61, 63, 64, 65, 127, 128, 129, 251, 256, 257];
const extent = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(...awkward.filter((v) => v <= max)), small(max));

const shape = fc
  .array(extent(257), { minLength: 1, maxLength: 4 })
  .filter((s) => s.reduce((a, b) => a * b) <= WORK / 10);
const pair = (max: number): fc.Arbitrary<readonly [number, number]> => fc.tuple(small(max), small(max));
const rectifier = fc.constantFrom<Activation>("none", "relu", "relu6");
const activation = fc.oneof(
  { weight: 3, arbitrary: rectifier },
  fc.constantFrom(...[silu, hardSwish].map((op) => op.ends!)),
);
const isCheap = ({ inputs, params }: RandomCase): boolean => {
  const [, w] = inputs as [Spec, Spec];
  const [y] = conv2d.infer(inputs, params) as [Spec];
  return sizeOf(y) * (sizeOf(w) / w.shape[3]!) <= WORK && inputs.every((s) => sizeOf(s) <= WORK / 10);
};

/** An input extent that gives at least `out` windows, when they fit; `slack` is what the last one leaves over. */
const slideOver = (out: number, stride: number, reach: number, pads: number, slack: number): number =>
  Math.max(1, (out - 1) * stride + reach - pads + (slack % stride));

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly pad: readonly [number, number, number, number];
  readonly out: readonly [number, number];
  readonly slack: readonly [number, number];
}

const extentsUnder = ({ kernel, stride, dilation, pad, out, slack }: Window): readonly [number, number] => {
  const along = (i: 0 | 1): number => {
    const reach = dilation[i] * (kernel[i] - 1) + 1;
    return slideOver(out[i], stride[i], reach, pad[2 * i]! + pad[2 * i + 1]!, slack[i]);
  };
  return [along(0), along(1)];
};

const padding = fc.integer({ min: 0, max: 3 });
const pads = fc.tuple(padding, padding, padding, padding);
const anyWindow: fc.Arbitrary<Window> = fc.record({
  kernel: pair(5),
  stride: pair(3),
  dilation: pair(3),
  pad: pads,
  out: fc.tuple(extent(33), extent(33)),
  slack: pair(3),
});
const unit = { stride: [1, 1], dilation: [1, 1] } as const;
/** The windows that networks use and fast variants are written for. */
const pointwise = anyWindow.map((w): Window => ({ ...w, ...unit, kernel: [1, 1], pad: [0, 0, 0, 0] }));
const threeByThree = fc
  .tuple(anyWindow, small(2))
  .map(([w, s]): Window => ({ ...w, kernel: [3, 3], stride: [s, s], dilation: [1, 1] }));
const narrowPads = anyWindow.map((w): Window => {
  const [top, bottom, left, right] = w.pad;
  return { ...w, ...unit, kernel: [3, 3], pad: [top % 2, bottom % 2, left % 2, right % 2] };
});
const window = fc.oneof(anyWindow, pointwise, threeByThree, narrowPads);

const forward = fc.subarray<Extra>(["scale", "bias", "residual"]);
const backward = fc.record({ extras: fc.subarray<Extra>(["scale", "residual", "gate"]), activation: rectifier });

const convolution: fc.Arbitrary<RandomCase> = fc
  .record({
    window,
    n: small(3),
    perGroup: fc.tuple(extent(65), extent(129)),
    groups: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, small(5)),
    extras: forward,
    activation,
  })
  .map(({ window: given, n, perGroup: [c, oc], groups, extras, activation: last }) => {
    const { kernel, stride, dilation, pad } = given;
    const params: ConvParams = { stride, dilation, pad, groups, activation: last };
    const [h, w] = extentsUnder(given);
    const inputs = [f32(n, h, w, c * groups), f32(...kernel, c, oc * groups)];
    const [y] = conv2d.infer(inputs, params) as [Spec];
    return withExtras({ inputs, params }, y, extras);
  })
  .filter(isCheap);

const depthwise: fc.Arbitrary<RandomCase> = fc
  .record({ window, n: small(3), c: extent(129), extras: forward, activation })
  .map(({ window: given, n, c, extras, activation: last }) => {
    const { kernel, stride, dilation, pad } = given;
    const params: WindowParams = { stride, dilation, pad, activation: last };
    const inputs = [f32(n, ...extentsUnder(given), c), f32(...kernel, 1, c)];
    return withExtras({ inputs, params }, depthwiseConv2d.infer(inputs, params)[0]!, extras);
  })
  .filter(({ inputs }) => sizeOf(inputs[0]!) * inputs[1]!.shape[0]! * inputs[1]!.shape[1]! <= WORK);

/** The window of an expansion: mostly 1x1. */
const expandWindow = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kernel: 1, stride: 1, pad: 0 }) },
  fc.record({ kernel: small(3), stride: small(2), pad: fc.integer({ min: 0, max: 2 }) }),
);
const expansion: fc.Arbitrary<RandomCase> = fc
  .record({
    window,
    expand: expandWindow,
    n: small(3),
    channels: fc.tuple(extent(33), extent(65)),
    biases: fc.subarray<Biased>(["expanded", "result"]),
    activations: fc.tuple(rectifier, rectifier),
  })
  .map(({ window: given, expand, n, channels: [k, c], biases, activations: [expandedActivation, last] }) => {
    const { kernel, stride, dilation, pad } = given;
    const params: ExpandDepthwiseParams = {
      ...{ stride, dilation, pad, biases, expandedActivation, activation: last },
      ...{ expandStride: [expand.stride, expand.stride], expandPad: [expand.pad, expand.pad, expand.pad, expand.pad] },
    };
    const [h, w] = extentsUnder(given).map((e) => slideOver(e, expand.stride, expand.kernel, 2 * expand.pad, 0));
    const inputs = [f32(n, h!, w!, k), f32(expand.kernel, expand.kernel, k, c), f32(...kernel, 1, c)];
    return { inputs: [...inputs, ...biases.map(() => f32(c))], params };
  })
  .filter(({ inputs, params }) => {
    const [, expand, w] = inputs as [Spec, Spec, Spec];
    const expanded = sizeOf(expandDepthwise.largestScratch!(inputs, params));
    return (expanded * (sizeOf(expand) + sizeOf(w))) / w.shape[3]! <= WORK;
  });

const pool = fc
  .record({ window: anyWindow, n: small(3), c: extent(65), ceilMode: fc.boolean(), countPadding: fc.boolean() })
  .map(({ window: { kernel, stride, pad: wide, out, slack }, n, c, ...modes }): RandomCase => {
    const pad = wide.map((p, i) => p % kernel[i >> 1]!) as unknown as Window["pad"];
    const [h, w] = extentsUnder({ kernel, stride, dilation: [1, 1], pad, out, slack });
    return { inputs: [f32(n, h, w, c)], params: { kernel, stride, pad, ...modes } };
  })
  .filter(({ inputs }) => sizeOf(inputs[0]!) <= WORK / 10);

const adaptive = fc
  .tuple(small(3), pair(17), extent(33), pair(9))
  .map(([n, [h, w], c, size]) => ({ inputs: [f32(n, h, w, c)], params: { size } }));

const product = (layout: (m: number, k: number, n: number) => Spec[]): fc.Arbitrary<RandomCase> =>
  fc
    .tuple(extent(300), fc.oneof(extent(65), extent(1000)), extent(300))
    .filter(([m, k, n]) => m * k * n <= WORK)
    .map(([m, k, n]) => ({ inputs: layout(m, k, n), params: {} }));

const matmul = fc
  .tuple(
    product((m, k, n) => [f32(m, k), f32(k, n), f32(n)]),
    fc.boolean(),
    activation,
  )
  .map(([{ inputs }, bias, last]): RandomCase => {
    return { inputs: bias ? inputs : inputs.slice(0, 2), params: { activation: last } };
  });

const perChannel = (vectors: number): fc.Arbitrary<RandomCase> =>
  shape.map((s) => ({ inputs: [f32(...s), ...Array.from({ length: vectors }, () => f32(s.at(-1)!))], params: {} }));

const anyPicture = fc.tuple(small(5), extent(33), extent(33), extent(65));
const picture = fc.tuple(small(3), extent(40), extent(40));
const thousandths = (min: number): fc.Arbitrary<number> => fc.integer({ min, max: 1000 }).map((v) => v / 1000);
const three = (min: number) => fc.tuple(thousandths(min), thousandths(min), thousandths(min));

const share = thousandths(0).map((v) => v * 0.999);
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const updateSetting = fc.record({
  clip: fc.constantFrom(0, 0.5, 3),
  norm: fc.constantFrom(0, 1, 2, 7, Number.NaN),
  scale: fc.constantFrom(1, 0.5, 1e-3),
  rateScale: fc.constantFrom(1, 0.3, 0),
  masked: fc.boolean(),
  average: fc.option(share, { nil: undefined }),
});

const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const factor = between(0, 12000);
const changes: fc.Arbitrary<PixelChanges> = fc.record({
  rotation: fc.record({ cos: between(-65536, 65536), sin: between(-65536, 65536) }),
  flip: fc.boolean(),
  brightness: factor,
  contrast: factor,
  saturation: factor,
  hue: between(-24576, 24576),
  erase: fc.record({ left: padding, top: padding, width: between(0, 40), height: between(0, 40) }),
});

/** By name of the op. */
export const randomCases: Readonly<Record<string, fc.Arbitrary<RandomCase>>> = {
  relu: shape.map((s) => ({ inputs: [f32(...s)], params: {}, fill: acrossKinks })),
  relu6: shape.map((s) => ({ inputs: [f32(...s)], params: {}, fill: acrossKinks })),
  matmul,
  matmulTransposeA: product((m, k, n) => [f32(k, m), f32(k, n)]),
  matmulTransposeB: product((m, k, n) => [f32(m, k), f32(n, k)]),
  add: shape.map((s) => ({ inputs: [f32(...s), f32(...s)], params: {} })),
  addBias: perChannel(1),
  channelAffine: perChannel(2),
  batchNorm: fc.tuple(fc.constantFrom(1e-5, 1e-3), shape).map(([eps, s]) => batchNormOver(eps, ...s)),
  channelScale: perChannel(1),
  ...Object.fromEntries(
    ["sigmoid", "silu", "hardSigmoid", "hardSwish"].map((name) => [
      name,
      shape.map((s): RandomCase => ({ inputs: [f32(...s)], params: {}, fill: acrossKinks })),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      ...{ sigmoidGrad: gateGradFill, hardSigmoidGrad: gateGradFill },
      ...{ siluGrad: curveGradFill, hardSwishGrad: curveGradFill },
    }).map(([name, fill]) => [
      name,
      shape.map((s): RandomCase => ({ inputs: [f32(...s), f32(...s)], params: {}, fill })),
    ]),
  ),
  gateChannels: anyPicture.map((s) => gatedPicture(...s)),
  gateChannelsGrad: anyPicture.map((s) => gatedPictureGrad(...s)),
  batchNormTraining: fc
    .tuple(
      fc.record({
        eps: fc.constantFrom(1e-5, 1e-3),
        momentum: fc.constantFrom(0, 0.1, 1),
        offset: fc.constantFrom(0, 10),
        residual: fc.boolean(),
      }),
      shape.filter((s) => s.slice(0, -1).reduce((a, b) => a * b, 1) > 1),
    )
    .map(([given, s]) => batchNormTrainingOver(given, ...s)),
  batchNormParamGrad: shape.map((s) => paramGradOver(...s)),
  batchNormInputGrad: shape.map((s) => inputGradOver(...s)),
  maxPool: pool,
  maxPoolGrad: pool.map((c) => maxPoolGradOf(c)),
  averagePool: pool,
  averagePoolGrad: pool.map((c) => averagePoolGradOf(c)),
  globalAveragePoolGrad: fc
    .tuple(anyPicture, fc.boolean())
    .map(([s, keptRank]) => globalAveragePoolGradOf(...s, keptRank)),
  globalAveragePool: fc
    .tuple(anyPicture, fc.boolean())
    .map(([s, keepRank]) => ({ inputs: [f32(...s)], params: { keepRank } })),
  adaptiveAveragePool: adaptive,
  adaptiveAveragePoolGrad: adaptive.map((c) => adaptiveAveragePoolGradOf(c)),
  flattenPicture: fc
    .tuple(small(5), extent(17), extent(17), extent(65))
    .map((s) => ({ inputs: [f32(...s)], params: {} })),
  unflattenPicture: fc.tuple(small(5), extent(17), extent(17), extent(65)).map((s) => unflattenPictureOf(...s)),
  concat: fc
    .tuple(fc.array(extent(17), { maxLength: 3 }), fc.array(extent(33), { minLength: 1, maxLength: 12 }))
    .map(([lead, channels]) => ({ inputs: channels.map((c) => f32(...lead, c)), params: {} })),
  sliceChannels: fc
    .tuple(fc.array(extent(17), { maxLength: 3 }), small(65), small(33), small(33))
    .map(([lead, count, before, after]) => ({
      inputs: [f32(...lead, before - 1 + count + after - 1)],
      params: { start: before - 1, count },
    })),
  columnSums: perChannel(0),
  softmax: shape.map((s) => ({ inputs: [f32(...s)], params: {}, fill: logits })),
  softmaxCrossEntropy: fc
    .tuple(extent(129), extent(257), fc.integer({ min: 2, max: 9 }), fc.constantFrom(0, 0.1, 0.9))
    .map(([samples, classes, padding, smoothing]) => crossEntropyBatch(samples, classes, padding, 10, smoothing)),
  squaredError: fc
    .tuple(extent(129), extent(257), fc.integer({ min: 2, max: 9 }), fc.constantFrom(0, 100))
    .map(([samples, columns, padding, offset]) => squaredErrorBatch(samples, columns, padding, 1, offset)),
  distillation: fc
    .tuple(extent(129), extent(257), fc.constantFrom(0.5, 1, 3, 20), fc.integer({ min: 2, max: 9 }))
    .map((given) => distillationBatch(...given)),
  reluGrad: shape.map((s) => ({ inputs: [f32(...s), f32(...s)], params: {}, fill: reluResults })),
  relu6Grad: shape.map((s) => ({ inputs: [f32(...s), f32(...s)], params: {}, fill: reluResults })),
  dropout: fc.tuple(share, word, word, shape).map((given) => dropoutOf(...given)),
  flatten: fc
    .array(shape, { minLength: 1, maxLength: 12 })
    .map((shapes) => ({ inputs: shapes.map((s) => f32(...s)), params: {} })),
  squaredNorm: shape.map((s) => ({ inputs: [f32(...s)], params: {} })),
  sgd: fc
    .tuple(share, fc.boolean(), updateSetting, shape)
    .map(([momentum, nesterov, setting, s]) => sgdStep({ momentum, nesterov, ...setting }, s)),
  adamw: fc
    .tuple(fc.integer({ min: 1, max: 5000 }), updateSetting, shape)
    .map(([t, setting, s]) => adamwStep(t, s, setting)),
  accumulate: fc.tuple(fc.boolean(), shape).map(([first, s]) => accumulateOver(first, ...s)),
  multiply: shape.map((s) => ({ inputs: [f32(...s), f32(...s)], params: {} })),
  packHalf: shape.map((s) => packed(...s)),
  unpackHalf: shape.map((s) => unpacked(...s)),
  mixSamples: fc.tuple(small(6), extent(17), extent(17), extent(17)).map((s) => mixed(...s)),
  resampleImage: fc
    .tuple(picture, fc.constantFrom("height" as const, "width" as const), extent(65))
    .map((given) => resampleAlong(...given)),
  cropImage: fc
    .tuple(picture, fc.tuple(padding, padding), fc.tuple(padding, padding))
    .map(([[n, height, width], a, b]) => ({
      inputs: [u8(n, a[0] + height + b[0], a[1] + width + b[1], 4)],
      params: { top: a[0], left: a[1], height, width },
      fill: pixels,
    })),
  augmentImage: fc
    .tuple(fc.tuple(extent(65), extent(65)), fc.array(changes, { minLength: 1, maxLength: 3 }))
    .map(([size, all]) => augmented(size, ...all)),
  normalizeImage: fc
    .tuple(picture, three(0), three(100))
    .map(([s, mean, std]) => ({ inputs: [u8(...s, 4)], params: { mean, std }, fill: pixels })),
  conv2d: convolution,
  depthwiseConv2d: depthwise,
  expandDepthwise: expansion,
  conv2dInputGrad: fc.tuple(convolution, backward).map(([c, end]) => inputGrad(c, conv2dOutput(c), end)),
  conv2dWeightGrad: convolution.map((c) => weightGrad(c, conv2dOutput(c))),
  depthwiseConv2dInputGrad: fc.tuple(depthwise, backward).map(([c, end]) => inputGrad(c, depthwiseOutput(c), end)),
  depthwiseConv2dWeightGrad: depthwise.map((c) => weightGrad(c, depthwiseOutput(c))),
  depthwiseConv2dGrads: fc
    .tuple(
      depthwise.filter(isJoint),
      fc.boolean(),
      fc.constantFrom(undefined, "relu", "relu6"),
      fc.subarray(["dx", "dy"] as const),
    )
    .map(([c, isScaled, gate, sums]) => bothGrads(c, depthwiseOutput(c), isScaled, gate, sums)),
};
