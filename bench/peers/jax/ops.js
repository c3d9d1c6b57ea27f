/**
 * tlx's ops by jax-js, by name: (jax, inputs, params, { specs, results }) gives an array, or several. Specs are tlx's; arrays have channels first. Inputs are the caller's: what reads one takes `x.ref`.
 */
import { cannot } from "../cannot.js";
import { expandParts } from "../expand.js";
import { extrasOf } from "../extras.js";
import { gradients } from "./gradients.js";
import { activate, channelAxis, convolution, otherAxes, perChannel, pool } from "./parts.js";

function finish(jax, y, inputs, params) {
  const { scale, bias, residual } = extrasOf(params, inputs);
  let end = y;
  if (scale) end = end.mul(perChannel(scale, y.ndim));
  if (bias) end = end.add(perChannel(bias, y.ndim));
  if (residual) end = end.add(residual.ref);
  return activate(jax, end, params.activation);
}

const conv = (groupsOf) => (jax, inputs, params) => {
  const [x, w] = inputs;
  return finish(jax, convolution(jax, x.ref, w.ref, params, groupsOf(params, x)), inputs, params);
};
const conv2d = conv(({ groups }) => groups);
const depthwiseConv2d = conv((_, x) => x.shape[1]);

function expandDepthwise(jax, inputs, params) {
  const [x, expand, w] = inputs;
  const { expansion, expandedBias, window, bias } = expandParts(inputs, params);
  const expanded = conv2d(jax, [x, expand, ...expandedBias], expansion);
  const y = depthwiseConv2d(jax, [expanded, w, ...bias], window);
  expanded.dispose();
  return y;
}

const product = (turnA, turnB) => (jax, inputs, params) => {
  const [a, b] = inputs;
  const operands = [turnA ? a.ref.transpose() : a.ref, turnB ? b.ref.transpose() : b.ref];
  return finish(jax, jax.numpy.matmul(...operands), inputs, params);
};

const batchNorm = (jax, [x, weight, bias, mean, variance], { eps }) => {
  const { numpy: np } = jax;
  const scale = weight.ref.div(np.sqrt(variance.ref.add(eps)));
  const shift = bias.ref.sub(mean.ref.mul(scale.ref));
  const y = x.ref.mul(perChannel(scale, x.ndim)).add(perChannel(shift, x.ndim));
  scale.dispose();
  shift.dispose();
  return y;
};

function batchNormTraining(jax, inputs, { eps, momentum, activation }) {
  const [x, weight, bias, runningMean, runningVariance, residual] = inputs;
  const running = [runningMean, runningVariance];
  const { numpy: np } = jax;
  const axes = otherAxes(x);
  const mean = np.mean(x.ref, axes);
  const centred = x.ref.sub(perChannel(mean, x.ndim));
  const variance = np.mean(np.square(centred.ref), axes);
  const rstd = np.reciprocal(np.sqrt(variance.ref.add(eps)));
  const scale = weight.ref.mul(rstd.ref);
  const normal = centred.mul(perChannel(scale, x.ndim)).add(perChannel(bias, x.ndim));
  const y = residual ? normal.add(residual.ref) : normal;
  scale.dispose();
  const count = x.size / x.shape[channelAxis(x)];
  const follow = (average, value) => average.ref.mul(1 - momentum).add(value.mul(momentum));
  const averages = [follow(running[0], mean.ref), follow(running[1], variance.mul(count / (count - 1)))];
  return [activate(jax, y, activation), mean, rstd, ...averages];
}

function softmaxCrossEntropy(jax, [logits, labels, weights], { smoothing }, { specs: [{ shape }] }) {
  const { numpy: np, nn } = jax;
  const classes = shape[1];
  const targets = nn
    .oneHot(labels.ref, classes)
    .astype(np.float32)
    .mul(1 - smoothing)
    .add(smoothing / classes);
  const loss = (x) =>
    np
      .sum(
        nn
          .logSoftmax(x, -1)
          .mul(targets.ref)
          .mul(weights.ref.reshape([-1, 1])),
      )
      .neg();
  const [value, grad] = jax.valueAndGrad(loss)(logits.ref);
  targets.dispose();
  return [value.reshape([1]), grad];
}

export const ops = {
  conv2d,
  depthwiseConv2d,
  expandDepthwise,
  matmul: product(false, false),
  matmulTransposeA: product(true, false),
  matmulTransposeB: product(false, true),
  batchNorm,
  batchNormTraining,
  maxPool: (jax, [x], params, { results }) => pool(jax, x.ref, "max", params, results[0].shape),
  averagePool: (jax, [x], params, { results }) => {
    if (!params.countPadding && params.pad.some((p) => p > 0))
      cannot("jax-js: an average without its padding is not written");
    if (params.ceilMode) cannot("jax-js: an average in ceil mode is not written");
    return pool(jax, x.ref, "mean", params, results[0].shape);
  },
  globalAveragePool: (jax, [x]) => jax.numpy.mean(x.ref, [2, 3]),
  softmax: (jax, [x]) => jax.nn.softmax(x.ref, channelAxis(x)),
  softmaxCrossEntropy,
  relu: (jax, [x]) => jax.nn.relu(x.ref),
  relu6: (jax, [x]) => jax.nn.relu6(x.ref),
  add: (_, [a, b]) => a.ref.add(b.ref),
  multiply: (_, [a, b]) => a.ref.mul(b.ref),
  addBias: (_, [x, b]) => x.ref.add(perChannel(b, x.ndim)),
  channelScale: (_, [x, scale]) => x.ref.mul(perChannel(scale, x.ndim)),
  channelAffine: (_, [x, scale, shift]) => x.ref.mul(perChannel(scale, x.ndim)).add(perChannel(shift, x.ndim)),
  concat: (jax, inputs) =>
    jax.numpy.concatenate(
      inputs.map((x) => x.ref),
      channelAxis(inputs[0]),
    ),
  columnSums: (jax, [x]) => jax.numpy.sum(x.ref, otherAxes(x)),
  squaredNorm: (jax, [x]) => jax.numpy.sum(jax.numpy.square(x.ref)).reshape([1]),
  ...gradients,
};
