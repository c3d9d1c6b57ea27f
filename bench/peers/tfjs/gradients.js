/** Gradients by the kernels that TensorFlow.js's own gradients run; where there is no such kernel, by the ops they are made of. */
import { cannot } from "../cannot.js";
import { extrasOf } from "../extras.js";
import { padOf, taps } from "./window.js";

const tops = { relu: Number.POSITIVE_INFINITY, relu6: 6 };

/** As the gradient of relu and relu6: what is outside counts as zero. */
const gate = (tf, y, dy, activation) => {
  const open = tf.step(y);
  return tf.mul(dy, activation === "relu6" ? tf.mul(open, tf.less(y, tops.relu6)) : open);
};

function finish(tf, dx, inputs, params) {
  const given = extrasOf(params, inputs);
  const scaled = given.scale ? tf.mul(dx, given.scale) : dx;
  const sum = given.residual ? tf.add(scaled, given.residual) : scaled;
  return given.gate ? gate(tf, given.gate, sum, params.activation) : sum;
}

function attributes({ stride, pad, dilation, groups = 1 }, depthwise) {
  if (groups > 1) cannot("TensorFlow.js has no grouped convolution");
  if (dilation.some((d) => d > 1)) cannot("TensorFlow.js has no right gradient of a dilated convolution");
  const shared = { strides: stride, pad: padOf(pad), dimRoundingMode: undefined };
  return depthwise ? { ...shared, dilations: dilation } : { ...shared, dataFormat: "NHWC" };
}

const run = (tf, ...args) => tf.engine().runKernel(...args);

export const gradients = {
  conv2dInputGrad(tf, inputs, params, { results }) {
    const [dy, filter] = inputs;
    const about = { ...attributes(params, false), inputShape: results[0].shape };
    return finish(tf, run(tf, "Conv2DBackpropInput", { dy, filter }, about), inputs, params);
  },
  conv2dWeightGrad: (tf, [x, dy], params, { results }) =>
    run(tf, "Conv2DBackpropFilter", { x, dy }, { ...attributes(params, false), filterShape: results[0].shape }),
  depthwiseConv2dInputGrad(tf, inputs, params, { results }) {
    const [dy, w] = inputs;
    const about = { ...attributes(params, true), inputShape: results[0].shape };
    const dx = run(tf, "DepthwiseConv2dNativeBackpropInput", { dy, filter: taps(w) }, about);
    return finish(tf, dx, inputs, params);
  },
  depthwiseConv2dWeightGrad(tf, [x, dy], params, { results }) {
    const [kh, kw, , c] = results[0].shape;
    const about = { ...attributes(params, true), filterShape: [kh, kw, c, 1] };
    return run(tf, "DepthwiseConv2dNativeBackpropFilter", { x, dy }, about);
  },
  depthwiseConv2dGrads(tf, [dy, w, x, scale], { gate: activation, ...params }, { results }) {
    const given = Object.entries({ scale, gate: activation && x }).filter(([, value]) => value);
    const inputs = [dy, w, ...given.map(([, value]) => value)];
    const ofInput = { ...params, extras: given.map(([name]) => name), activation };
    return [
      gradients.depthwiseConv2dInputGrad(tf, inputs, ofInput, { results }),
      gradients.depthwiseConv2dWeightGrad(tf, [x, dy], params, { results: [results[1]] }),
    ];
  },
  maxPoolGrad: (tf, [input, output, dy], { kernel, stride, pad, ceilMode }) =>
    run(
      tf,
      "MaxPoolGrad",
      { dy, input, output },
      { filterSize: kernel, strides: stride, pad: padOf(pad), dimRoundingMode: ceilMode ? "ceil" : undefined },
    ),
  averagePoolGrad(tf, [dy], { kernel, stride, pad, ceilMode, countPadding }, { results }) {
    const padded = pad.some((p) => p > 0);
    if (ceilMode || (padded && !countPadding))
      cannot("TensorFlow.js's gradient divides by the whole window everywhere");
    const input = tf.zeros(results[0].shape); // it reads its shape only
    return run(tf, "AvgPoolGrad", { dy, input }, { filterSize: kernel, strides: stride, pad: padOf(pad) });
  },
  globalAveragePoolGrad(tf, [dy], { size: [h, w] }) {
    const [n, c] = dy.shape;
    return tf.tile(tf.div(dy.reshape([n, 1, 1, c]), h * w), [1, h, w, 1]);
  },
  batchNormParamGrad(tf, [x, mean, rstd, dy]) {
    const axes = x.shape.slice(0, -1).map((_, i) => i);
    return [tf.sum(tf.mul(tf.mul(tf.sub(x, mean), rstd), dy), axes), tf.sum(dy, axes)];
  },
  batchNormInputGrad(tf, [x, weight, mean, rstd, dy, dweight, dbias]) {
    const n = x.size / x.shape.at(-1);
    const slope = tf.mul(tf.mul(rstd, dweight), 1 / n);
    const centred = tf.sub(tf.sub(dy, tf.mul(dbias, 1 / n)), tf.mul(tf.sub(x, mean), slope));
    return tf.mul(centred, tf.mul(weight, rstd));
  },
  reluGrad: (tf, [y, dy]) => gate(tf, y, dy, "relu"),
  relu6Grad: (tf, [y, dy]) => gate(tf, y, dy, "relu6"),
};
