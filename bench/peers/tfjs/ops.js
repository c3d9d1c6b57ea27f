/**
 * tlx's ops by those of TensorFlow.js, by name: (tf, inputs, params, { specs, results, training }) gives a tensor, or several with
 * undefined where TensorFlow.js has no use for one.
 */
import { cannot } from "../cannot.js";
import { expandParts } from "../expand.js";
import { extrasOf } from "../extras.js";
import { gradients } from "./gradients.js";
import { activate, padOf, taps, windowOf } from "./window.js";

/**
 * What a convolution or product ends with. Where gradients are taken, activations are ops of their own: TensorFlow.js would take its
 * fused op apart, bias and all.
 */
function ending(tf, inputs, params, training) {
  const given = extrasOf(params, inputs);
  const { activation = "none" } = params;
  const apart = training || given.scale !== undefined || given.residual !== undefined;
  return {
    fused: {
      bias: given.scale ? undefined : given.bias,
      activation: apart || activation === "none" ? "linear" : activation,
    },
    finish(y) {
      const scaled = given.scale ? tf.add(tf.mul(y, given.scale), given.bias ?? 0) : y;
      const sum = given.residual ? tf.add(scaled, given.residual) : scaled;
      return apart ? activate(tf, sum, activation) : sum;
    },
  };
}

function conv2d(tf, inputs, params, { training }) {
  if (params.groups > 1) cannot("TensorFlow.js has no grouped convolution");
  const [x, filter] = inputs;
  const { fused, finish } = ending(tf, inputs, params, training);
  return finish(tf.fused.conv2d({ x, filter, ...windowOf(params), ...fused }));
}

function depthwiseConv2d(tf, inputs, params, { training }) {
  const [x, w] = inputs;
  const { fused, finish } = ending(tf, inputs, params, training);
  return finish(tf.fused.depthwiseConv2d({ x, filter: taps(w), ...windowOf(params), ...fused }));
}

const product =
  (transposeA, transposeB) =>
  (tf, inputs, params, { training }) => {
    const [a, b] = inputs;
    const { fused, finish } = ending(tf, inputs, params, training);
    return finish(tf.fused.matMul({ a, b, transposeA, transposeB, ...fused }));
  };

function batchNormTraining(tf, inputs, { eps, momentum, activation }) {
  const [x, weight, bias, runningMean, runningVariance, residual] = inputs;
  const running = [runningMean, runningVariance];
  const { mean, variance } = tf.moments(
    x,
    x.shape.slice(0, -1).map((_, i) => i),
  );
  const count = x.size / x.shape.at(-1);
  const follow = (average, value) => tf.add(tf.mul(average, 1 - momentum), tf.mul(value, momentum));
  const averages = [follow(running[0], mean), follow(running[1], tf.mul(variance, count / (count - 1)))];
  for (const [i, average] of averages.entries()) running[i].assign?.(average); // they are variables in a training step
  const normal = tf.batchNorm(x, mean, variance, bias, weight, eps);
  const y = activate(tf, residual ? tf.add(normal, residual) : normal, activation);
  return [y, mean, undefined, ...averages]; // tlx keeps 1 / sqrt(variance) for the gradient
}

function rounding(tf, { ceilMode }) {
  if (ceilMode && tf.getBackend() === "wasm") cannot("the WebAssembly backend reads beyond the picture in ceil mode");
  return ceilMode ? "ceil" : undefined;
}

function averagePool(tf, [x], params) {
  const { kernel, stride, pad, ceilMode, countPadding } = params;
  const padded = pad.some((p) => p > 0);
  if (!padded || !countPadding) return tf.avgPool(x, kernel, stride, padOf(pad), rounding(tf, params));
  if (ceilMode) cannot("TensorFlow.js does not count padding in an average");
  return tf.avgPool(tf.pad(x, padOf(pad)), kernel, stride, "valid");
}

function softmaxCrossEntropy(tf, [logits, targets, weights], { smoothing }) {
  const sum = (x) => tf.losses.softmaxCrossEntropy(targets, x, weights, smoothing, tf.Reduction.SUM);
  const { value, grad } = tf.valueAndGrad(sum)(logits);
  return [value, grad];
}

function expandDepthwise(tf, inputs, params, about) {
  const [x, expand, w] = inputs;
  const { expansion, expandedBias, window, bias } = expandParts(inputs, params);
  const expanded = conv2d(tf, [x, expand, ...expandedBias], expansion, about);
  return depthwiseConv2d(tf, [expanded, w, ...bias], window, about);
}

export const ops = {
  conv2d,
  depthwiseConv2d,
  expandDepthwise,
  matmul: product(false, false),
  matmulTransposeA: product(true, false),
  matmulTransposeB: product(false, true),
  batchNorm: (tf, [x, weight, bias, mean, variance], { eps }) => tf.batchNorm(x, mean, variance, bias, weight, eps),
  batchNormTraining,
  maxPool: (tf, [x], params) => tf.maxPool(x, params.kernel, params.stride, padOf(params.pad), rounding(tf, params)),
  averagePool,
  globalAveragePool: (tf, [x]) => tf.mean(x, [1, 2]),
  softmax: (tf, [x]) => tf.softmax(x),
  softmaxCrossEntropy,
  relu: (tf, [x]) => tf.relu(x),
  relu6: (tf, [x]) => tf.relu6(x),
  add: (tf, [a, b]) => tf.add(a, b),
  addBias: (tf, [x, b]) => tf.add(x, b),
  multiply: (tf, [a, b]) => tf.mul(a, b),
  channelScale: (tf, [x, scale]) => tf.mul(x, scale),
  channelAffine: (tf, [x, scale, shift]) => tf.add(tf.mul(x, scale), shift),
  concat: (tf, inputs) => tf.concat(inputs, -1),
  columnSums: (tf, [x]) =>
    tf.sum(
      x,
      x.shape.slice(0, -1).map((_, i) => i),
    ),
  squaredNorm: (tf, [x]) => tf.sum(tf.square(x)),
  ...gradients,
};
