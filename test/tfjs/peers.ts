/** Every op of the registry as TensorFlow.js computes it, or the reason why it does not. */

import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type {
  Activation,
  AveragePoolParams,
  BatchNormParams,
  ConvParams,
  CropParams,
  CrossEntropyParams,
  MatmulParams,
  NormalizeParams,
  PoolParams,
  Problem,
  WindowParams,
} from "@tlx/kernels";
import { tf } from "./backend.js";
import { adamStep, sgdStep } from "./update-step.js";

/** The op's outputs, computed by TensorFlow.js. */
export type Peer<P> = (
  inputs: readonly Tensor[],
  problem: Problem<P>,
) => readonly Tensor[] | Promise<readonly Tensor[]>;

type Sides = readonly [number, number, number, number];
type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

const explicit = ([top, bottom, left, right]: Sides): ExplicitPadding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];
const both = (v: readonly [number, number]): [number, number] => [v[0], v[1]];

const activate = <T extends Tensor>(x: T, activation: Activation): T =>
  activation === "none" ? x : activation === "relu" ? tf.relu(x) : tf.relu6(x);

/** The epilogue: bias and residual where the op has them, then the activation. */
const finish = (y: Tensor, extra: readonly Tensor[], activation: Activation): readonly Tensor[] => [
  activate(
    extra.reduce((sum, x) => tf.add(sum, x), y),
    activation,
  ),
];

const conv2d: Peer<ConvParams> = ([x, w, ...extra], { params }) => {
  const { stride, pad, dilation, groups, activation } = params;
  const weights = tf.split<Tensor4D>(w as Tensor4D, groups, 3);
  const parts = tf
    .split<Tensor4D>(x as Tensor4D, groups, 3)
    .map((part, g) => tf.conv2d<Tensor4D>(part, weights[g]!, both(stride), explicit(pad), "NHWC", both(dilation)));
  return finish(tf.concat(parts, 3), extra, activation);
};

const depthwiseConv2d: Peer<WindowParams> = ([x, w, ...extra], { inputs, params }) => {
  const [kh, kw, , c] = inputs[1]!.shape as [number, number, number, number];
  const { stride, pad, dilation, activation } = params;
  const kernel = tf.reshape(w!, [kh, kw, c, 1]) as Tensor4D;
  return finish(
    tf.depthwiseConv2d(x as Tensor4D, kernel, both(stride), explicit(pad), "NHWC", both(dilation)),
    extra,
    activation,
  );
};

/** What windows need beyond x and `before`: at least the padding after it, more where ceil mode hangs over. */
const reachBelow = (i: 0 | 1, { inputs, outputs, params }: Problem<PoolParams>, before: number): number =>
  Math.max(
    0,
    (outputs[0]!.shape[1 + i]! - 1) * params.stride[i] + params.kernel[i] - inputs[0]!.shape[1 + i]! - before,
  );

/** Padding of TensorFlow.js is never the largest and never counted, so it may stand for any overhang. */
const overhang = (problem: Problem<PoolParams>): ExplicitPadding => {
  const [top, , left] = problem.params.pad;
  return explicit([top, reachBelow(0, problem, top), left, reachBelow(1, problem, left)]);
};

const maxPool: Peer<PoolParams> = ([x], problem) => {
  const { kernel, stride } = problem.params;
  return [tf.maxPool(x as Tensor4D, both(kernel), both(stride), overhang(problem))];
};

const averagePool: Peer<AveragePoolParams> = ([x], problem) => {
  const { kernel, stride, pad, countPadding } = problem.params;
  if (!countPadding) return [tf.avgPool(x as Tensor4D, both(kernel), both(stride), overhang(problem))];
  const padded = tf.pad(x as Tensor4D, explicit(pad));
  const rest = overhang({
    ...problem,
    inputs: [{ dtype: "f32", shape: padded.shape }],
    params: { ...problem.params, pad: [0, 0, 0, 0] },
  });
  return [tf.avgPool(padded, both(kernel), both(stride), rest)];
};

const batchNorm: Peer<BatchNormParams> = ([x, weight, bias, mean, variance], { params }) => [
  tf.batchNorm(x!, mean as Tensor1D, variance as Tensor1D, bias as Tensor1D, weight as Tensor1D, params.eps),
];

const matmul =
  (transposeA: boolean, transposeB: boolean): Peer<Partial<MatmulParams>> =>
  ([a, b, ...extra], { params }) =>
    finish(tf.matMul(a as Tensor2D, b as Tensor2D, transposeA, transposeB), extra, params.activation ?? "none");

const softmaxCrossEntropy: Peer<CrossEntropyParams> = ([logits, labels, weights], { inputs, params }) => {
  const oneHot = tf.oneHot(labels as Tensor1D, inputs[0]!.shape[1]!);
  const loss = (x: Tensor): Tensor =>
    tf.losses.softmaxCrossEntropy(oneHot, x, weights, params.smoothing, tf.Reduction.SUM);
  const { value, grad } = tf.valueAndGrad(loss)(logits!);
  return [tf.reshape(value, [1]), grad];
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
  matmul: matmul(false, false),
  matmulTransposeA: matmul(true, false),
  matmulTransposeB: matmul(false, true),
  add: ([a, b]) => [tf.add(a!, b!)],
  addBias: ([x, b]) => [tf.add(x!, b!)],
  channelAffine: ([x, scale, shift]) => [tf.add(tf.mul(x!, scale!), shift!)],
  batchNorm,
  maxPool,
  averagePool,
  globalAveragePool: ([x]) => [tf.mean(x!, [1, 2])],
  concat: (inputs) => [tf.concat([...inputs], -1)],
  columnSums: ([x]) => [tf.sum(tf.reshape(x!, [-1, x!.shape.at(-1)!]), 0)],
  softmax: ([x]) => [tf.softmax(x!)],
  softmaxCrossEntropy,
  reluGrad: ([y, dy]) => [tf.grad((x) => tf.relu(x))(y!, dy)],
  relu6Grad: ([y, dy]) => [tf.where(tf.logicalAnd(tf.greater(y!, 0), tf.less(y!, 6)), dy!, tf.zerosLike(dy!))],
  flatten: (inputs) => [tf.concat(inputs.map((x) => tf.pad(tf.reshape(x, [-1]), [[0, (64 - (x.size % 64)) % 64]])))],
  squaredNorm: ([x]) => [tf.reshape(tf.sum(tf.square(x!)), [1])],
  sgd: (inputs) => sgdStep(inputs),
  adamw: (inputs) => adamStep(inputs),
  conv2d,
  depthwiseConv2d,
  cropImage,
  normalizeImage,
};

/** Ops without a counterpart. */
export const withoutPeer: Readonly<Record<string, string>> = {
  dropout: "TensorFlow.js draws its mask from a generator of its own, which cannot be told what to drop",
  resampleImage: "resizeBilinear does not widen its filter when it shrinks, and keeps no fixed-point pixels",
};
