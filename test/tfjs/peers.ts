/** Every op of the registry as TensorFlow.js computes it, or the reason why it does not. */

import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import {
  type Activation,
  type BatchNormParams,
  type BatchNormTrainingParams,
  type Biased,
  type ConvInputGradParams,
  type ConvParams,
  type ConvWeightGradParams,
  type CropParams,
  type CrossEntropyParams,
  type Curve,
  type DistillationParams,
  type EpilogueParams,
  type ExpandDepthwiseParams,
  extrasOf,
  type MatmulParams,
  type NoParams,
  type NormalizeParams,
  type SliceParams,
  type WindowGradsParams,
  type WindowParams,
} from "@tlx/kernels";
import { tf } from "./backend.js";
import { both, explicit, type Peer } from "./peer.js";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGrad,
  averagePool,
  averagePoolGrad,
  globalAveragePoolGrad,
  maxPool,
  maxPoolGrad,
} from "./pool-peers.js";
import { adamStep, sgdStep } from "./update-step.js";

const hardSigmoid = (x: Tensor): Tensor => tf.div(tf.relu6(tf.add(x, 3)), 6);
const curves: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  sigmoid: (x) => tf.sigmoid(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  hardSigmoid,
  hardSwish: (x) => tf.mul(x, hardSigmoid(x)),
};

function activate(x: Tensor, activation: Activation | Curve): Tensor {
  if (typeof activation === "object") return curves[activation.name]!(x);
  return activation === "none" ? x : activation === "relu" ? tf.relu(x) : tf.relu6(x);
}

/** At an x that gives y. */
const hardSigmoidGrad: Peer<NoParams> = ([y, dy]) => [tf.grad(hardSigmoid)(tf.sub(tf.mul(y!, 6), 3), dy)];

/** The epilogue: what the op has of scale, bias and residual, then the activation, or its gradient where there is a gate. */
function finish(y: Tensor, values: readonly Tensor[], params: EpilogueParams): readonly Tensor[] {
  const names = extrasOf(params, 2 + values.length);
  const { activation = "none" } = params;
  const ended = values.reduce((sum, x, i) => {
    if (names[i] === "scale") return tf.mul(sum, x);
    if (names[i] !== "gate") return tf.add(sum, x);
    const top = activation === "relu6" ? 6 : Number.POSITIVE_INFINITY;
    return tf.where(tf.logicalAnd(tf.greater(x, 0), tf.less(x, top)), sum, tf.zerosLike(sum));
  }, y);
  return [names.includes("gate") ? ended : activate(ended, activation)];
}

const conv2d: Peer<ConvParams> = ([x, w, ...extra], { params }) => {
  const { stride, pad, dilation, groups } = params;
  const weights = tf.split<Tensor4D>(w as Tensor4D, groups, 3);
  const parts = tf
    .split<Tensor4D>(x as Tensor4D, groups, 3)
    .map((part, g) => tf.conv2d<Tensor4D>(part, weights[g]!, both(stride), explicit(pad), "NHWC", both(dilation)));
  return finish(tf.concat(parts, 3), extra, params);
};

const depthwiseConv2d: Peer<WindowParams> = ([x, w, ...extra], { inputs, params }) => {
  const [kh, kw, , c] = inputs[1]!.shape as [number, number, number, number];
  const { stride, pad, dilation } = params;
  const kernel = tf.reshape(w!, [kh, kw, c, 1]) as Tensor4D;
  return finish(
    tf.depthwiseConv2d(x as Tensor4D, kernel, both(stride), explicit(pad), "NHWC", both(dilation)),
    extra,
    params,
  );
};

const expandDepthwise: Peer<ExpandDepthwiseParams> = ([x, expand, w, ...rest], { inputs, params }) => {
  const { biases, expandStride, expandPad, expandedActivation, stride, pad, dilation } = params;
  const [kh, kw, , c] = inputs[2]!.shape as [number, number, number, number];
  const biasOf = (of: Biased): readonly Tensor[] => rest.filter((_, i) => biases[i] === of);
  const sums = tf.conv2d(x as Tensor4D, expand as Tensor4D, both(expandStride), explicit(expandPad));
  const [expanded] = finish(sums, biasOf("expanded"), { activation: expandedActivation });
  const kernel = tf.reshape(w!, [kh, kw, c, 1]) as Tensor4D;
  const y = tf.depthwiseConv2d(expanded as Tensor4D, kernel, both(stride), explicit(pad), "NHWC", both(dilation));
  return finish(y, biasOf("result"), { activation: params.activation });
};

/** The kernel with its dilation spelled out in zeros: TensorFlow.js has no gradients of dilated convolutions. */
function spread(w: Tensor, [down, across]: readonly [number, number]): Tensor {
  const [kh, kw, ...rest] = w.shape as [number, number, number, number];
  const apart = tf.pad(tf.reshape(w, [kh, 1, kw, 1, -1]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const all = tf.reshape(apart, [kh * down, kw * across, ...rest]);
  return tf.slice(all, [0, 0, 0, 0], [(kh - 1) * down + 1, (kw - 1) * across + 1, ...rest]);
}

/** One of the two gradients of a convolution: what the op is given, beside zeros of the shape it is asked for. */
const gradientOf =
  <P>(of: "x" | "w", forward: (x: Tensor, w: Tensor, params: P) => Tensor): Peer<P> =>
  ([a, b, ...extra], { outputs, params }) => {
    const at = tf.zeros([...outputs[0]!.shape]);
    if (of === "x") return finish(tf.grad((x) => forward(x, b!, params))(at, a), extra, params as EpilogueParams);
    return [tf.grad((w) => forward(a!, w, params))(at, b)];
  };

/** By slices: the gradient of tf.split into one part fails. */
const channelGroup = (x: Tensor, g: number, groups: number): Tensor4D => {
  const size = x.shape[3]! / groups;
  return tf.slice(x as Tensor4D, [0, 0, 0, g * size], [-1, -1, -1, size]);
};

const bareConv2d = (x: Tensor, w: Tensor, params: ConvInputGradParams | ConvWeightGradParams): Tensor => {
  const { dilation, groups, stride, pad } = params;
  const weight = spread(w, dilation);
  const parts = Array.from({ length: groups }, (_, g) =>
    tf.conv2d(channelGroup(x, g, groups), channelGroup(weight, g, groups), both(stride), explicit(pad)),
  );
  return tf.concat(parts, 3);
};

const bareDepthwise = (x: Tensor, w: Tensor, params: WindowGradsParams): Tensor => {
  const kernel = tf.transpose(spread(w, params.dilation), [0, 1, 3, 2]) as Tensor4D;
  return tf.depthwiseConv2d(x as Tensor4D, kernel, both(params.stride), explicit(params.pad));
};

const depthwiseConv2dGrads: Peer<WindowGradsParams> = (
  [dy, w, x, scale],
  { params: { gate, sums = [], ...params } },
) => {
  const [bare, dw] = tf.grads((a, b) => bareDepthwise(a, b, params))([x!, w!], dy);
  const extras = [...(scale ? [scale] : []), ...(gate ? [x!] : [])];
  const names = [...(scale ? ["scale" as const] : []), ...(gate ? ["gate" as const] : [])];
  const [dx] = finish(bare!, extras, { extras: names, ...(gate && { activation: gate }) }) as [Tensor];
  return [dx, dw!, ...sums.map((of) => tf.sum(of === "dx" ? dx : dy!, [0, 1, 2]))];
};

const batchNormTraining: Peer<BatchNormTrainingParams> = (
  [x, weight, bias, runningMean, runningVar, residual],
  { params: { eps, momentum, activation = "none" } },
) => {
  const rows = tf.reshape(x!, [-1, weight!.size]);
  const { mean, variance } = tf.moments(rows, 0);
  const y = tf.batchNorm(
    rows as Tensor2D,
    mean as Tensor1D,
    variance as Tensor1D,
    bias as Tensor1D,
    weight as Tensor1D,
    eps,
  );
  const follow = (running: Tensor, batch: Tensor): Tensor =>
    tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum));
  const unbiased = tf.mul(variance, rows.shape[0]! / (rows.shape[0]! - 1));
  const rstd = tf.rsqrt(tf.add(variance, eps));
  return [
    activate(residual ? tf.add(tf.reshape(y, x!.shape), residual) : tf.reshape(y, x!.shape), activation),
    mean,
    rstd,
    follow(runningMean!, mean),
    follow(runningVar!, unbiased),
  ];
};

const batchNormParamGrad: Peer<unknown> = ([x, mean, rstd, dy]) => {
  const normal = tf.mul(tf.sub(x!, mean!), rstd!);
  return tf.grads((weight, bias) => tf.add(tf.mul(normal, weight!), bias!))(
    [tf.zerosLike(mean!), tf.zerosLike(mean!)],
    dy,
  );
};

const batchNormInputGrad: Peer<unknown> = ([x, weight, mean, rstd, dy, dweight, dbias]) => {
  const n = x!.size / mean!.size;
  const normal = tf.mul(tf.sub(x!, mean!), rstd!);
  const moved = tf.div(tf.add(dbias!, tf.mul(normal, dweight!)), n);
  return [tf.mul(tf.mul(weight!, rstd!), tf.sub(dy!, moved))];
};

const sliceChannels: Peer<SliceParams> = ([x], { params: { start, count } }) => [
  tf.slice(x!, [...x!.shape.slice(1).map(() => 0), start], [...x!.shape.slice(1).map(() => -1), count]),
];

const batchNorm: Peer<BatchNormParams> = ([x, weight, bias, mean, variance], { params }) => [
  tf.batchNorm(x!, mean as Tensor1D, variance as Tensor1D, bias as Tensor1D, weight as Tensor1D, params.eps),
];

const matmul =
  (transposeA: boolean, transposeB: boolean): Peer<Partial<MatmulParams>> =>
  ([a, b, ...extra], { params }) =>
    finish(tf.matMul(a as Tensor2D, b as Tensor2D, transposeA, transposeB), extra, params);

const softmaxCrossEntropy: Peer<CrossEntropyParams> = ([logits, labels, weights], { inputs, params }) => {
  const oneHot = tf.oneHot(labels as Tensor1D, inputs[0]!.shape[1]!);
  const loss = (x: Tensor): Tensor =>
    tf.losses.softmaxCrossEntropy(oneHot, x, weights, params.smoothing, tf.Reduction.SUM);
  const { value, grad } = tf.valueAndGrad(loss)(logits!);
  return [tf.reshape(value, [1]), grad];
};

const squaredError: Peer<NoParams> = ([x, target, weights], { inputs }) => {
  const [samples, columns] = inputs[0]!.shape as [number, number];
  const shares = tf.reshape(tf.div(weights!, columns), [samples, 1]);
  const loss = (at: Tensor): Tensor => tf.losses.meanSquaredError(target!, at, shares, tf.Reduction.SUM);
  const { value, grad } = tf.valueAndGrad(loss)(x!);
  return [tf.reshape(value, [1]), grad];
};

const distillation: Peer<DistillationParams> = ([logits, teacher, weights], { params: { temperature } }) => {
  const softened = tf.div(teacher!, temperature);
  const divergences = (x: Tensor): Tensor =>
    tf.sum(tf.mul(tf.softmax(softened), tf.sub(tf.logSoftmax(softened), tf.logSoftmax(tf.div(x, temperature)))), 1);
  const loss = (x: Tensor): Tensor => tf.sum(tf.mul(tf.mul(weights!, temperature ** 2), divergences(x)));
  const { value, grad } = tf.valueAndGrad(loss)(logits!);
  return [tf.reshape(value, [1]), grad];
};

const mixSamples: Peer<NoParams> = ([x, partner, share, box], { inputs }) => {
  const [n, h, w] = inputs[0]!.shape as [number, number, number, number];
  const other = tf.gather(x!, partner as Tensor1D);
  const own = tf.reshape(share!, [n, 1, 1, 1]);
  const [left, top, right, bottom] = tf.split(box!, 4, 1).map((side) => tf.reshape(side, [n, 1, 1, 1]));
  const along = (extent: number, shape: number[]): Tensor => tf.reshape(tf.range(0, extent, 1, "int32"), shape);
  const within = (at: Tensor, from: Tensor, to: Tensor): Tensor =>
    tf.logicalAnd(tf.greaterEqual(at, from), tf.less(at, to));
  const inside = tf.logicalAnd(
    within(along(w, [1, 1, w, 1]), left!, right!),
    within(along(h, [1, h, 1, 1]), top!, bottom!),
  );
  return [tf.where(inside, other, tf.add(tf.mul(own, x!), tf.mul(tf.sub(1, own), other)))];
};

const cropImage: Peer<CropParams> = ([x], { outputs, params: { top, left } }) => [
  tf.slice(x as Tensor4D, [0, top, left, 0], outputs[0]!.shape as [number, number, number, number]),
];

const normalizeImage: Peer<NormalizeParams> = ([x], { params: { mean, std } }) => [
  tf.div(tf.sub(tf.div(tf.slice(x!, [0, 0, 0, 0], [-1, -1, -1, 3]), 255), [...mean]), [...std]),
];

// biome-ignore lint/suspicious/noExplicitAny: peers of ops of every parameter type.
export const peers: Readonly<Record<string, Peer<any>>> = {
  relu: ([x]) => [tf.relu(x!)],
  relu6: ([x]) => [tf.relu6(x!)],
  ...Object.fromEntries(
    Object.entries(curves).map(([name, curve]): [string, Peer<NoParams>] => [name, ([x]) => [curve(x!)]]),
  ),
  sigmoidGrad: ([y, dy]) => [tf.mul(dy!, tf.mul(y!, tf.sub(1, y!)))],
  hardSigmoidGrad,
  siluGrad: ([x, dy]) => [tf.grad(curves.silu!)(x!, dy)],
  hardSwishGrad: ([x, dy]) => [tf.grad(curves.hardSwish!)(x!, dy)],
  gateChannels: ([x, gate]) => [tf.mul(x!, gate!)],
  gateChannelsGrad: ([x, dy]) => [tf.sum(tf.mul(x!, dy!), [1, 2], true)],
  matmul: matmul(false, false),
  matmulTransposeA: matmul(true, false),
  matmulTransposeB: matmul(false, true),
  add: ([a, b]) => [tf.add(a!, b!)],
  addBias: ([x, b]) => [tf.add(x!, b!)],
  channelAffine: ([x, scale, shift]) => [tf.add(tf.mul(x!, scale!), shift!)],
  channelScale: ([x, scale]) => [tf.mul(x!, scale!)],
  batchNorm,
  batchNormTraining,
  batchNormParamGrad,
  batchNormInputGrad,
  maxPool,
  maxPoolGrad,
  averagePool,
  averagePoolGrad,
  adaptiveAveragePool,
  adaptiveAveragePoolGrad,
  globalAveragePoolGrad,
  sliceChannels,
  globalAveragePool: ([x], { params }) => [tf.mean(x!, [1, 2], params.keepRank)],
  concat: (inputs) => [tf.concat([...inputs], -1)],
  columnSums: ([x]) => [tf.sum(tf.reshape(x!, [-1, x!.shape.at(-1)!]), 0)],
  softmax: ([x]) => [tf.softmax(x!)],
  softmaxCrossEntropy,
  squaredError,
  distillation,
  reluGrad: ([y, dy]) => [tf.grad((x) => tf.relu(x))(y!, dy)],
  relu6Grad: ([y, dy]) => [tf.where(tf.logicalAnd(tf.greater(y!, 0), tf.less(y!, 6)), dy!, tf.zerosLike(dy!))],
  flatten: (inputs) => [tf.concat(inputs.map((x) => tf.pad(tf.reshape(x, [-1]), [[0, (64 - (x.size % 64)) % 64]])))],
  flattenPicture: ([x], { outputs }) => [
    tf.reshape(tf.transpose(x!, [0, 3, 1, 2]), outputs[0]!.shape as [number, number]),
  ],
  unflattenPicture: ([dy], { outputs }) => {
    const [n, h, w, c] = outputs[0]!.shape as [number, number, number, number];
    return [tf.transpose(tf.reshape(dy!, [n, c, h, w]), [0, 2, 3, 1])];
  },
  squaredNorm: ([x]) => [tf.reshape(tf.sum(tf.square(x!)), [1])],
  accumulate: ([sum, g, hyper]) => [hyper!.dataSync()[10]! > 0 ? g! : tf.add(sum!, g!)],
  multiply: ([a, b]) => [tf.mul(a!, b!)],
  mixSamples,
  sgd: (inputs, { params }) => sgdStep(inputs, params),
  adamw: (inputs, { params }) => adamStep(inputs, params),
  conv2d,
  depthwiseConv2d,
  expandDepthwise,
  conv2dInputGrad: gradientOf("x", bareConv2d),
  conv2dWeightGrad: gradientOf("w", bareConv2d),
  depthwiseConv2dInputGrad: gradientOf("x", bareDepthwise),
  depthwiseConv2dWeightGrad: gradientOf("w", bareDepthwise),
  depthwiseConv2dGrads,
  cropImage,
  normalizeImage,
};

/** Ops without a counterpart. */
export const withoutPeer: Readonly<Record<string, string>> = {
  dropout: "TensorFlow.js draws its mask from a generator of its own, which cannot be told what to drop",
  augmentImage: "TensorFlow.js keeps no fixed-point pixels, and rotates and recolours in floats",
  packHalf: "TensorFlow.js has no half floats",
  unpackHalf: "TensorFlow.js has no half floats",
  resampleImage: "resizeBilinear does not widen its filter when it shrinks, and keeps no fixed-point pixels",
};
