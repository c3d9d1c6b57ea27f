/** The pooling ops in TensorFlow.js. */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type {
  AdaptiveAveragePoolGradParams,
  AdaptiveAveragePoolParams,
  AveragePoolGradParams,
  AveragePoolParams,
  PoolParams,
  Problem,
  Spec,
} from "@tlx/kernels";
import { tf } from "./backend.js";
import { both, type ExplicitPadding, explicit, type Peer } from "./peer.js";

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

export const maxPool: Peer<PoolParams> = ([x], problem) => {
  const { kernel, stride } = problem.params;
  return [tf.maxPool(x as Tensor4D, both(kernel), both(stride), overhang(problem))];
};

export const averagePool: Peer<AveragePoolParams> = ([x], problem) => {
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

export const maxPoolGrad: Peer<PoolParams> = ([x, , dy], { inputs, params }) => {
  const pads = overhang({ inputs: [inputs[0]!], outputs: [inputs[1]!], params });
  return [tf.grad((v) => tf.maxPool(v as Tensor4D, both(params.kernel), both(params.stride), pads))(x!, dy)];
};

/** Sums over windows, divided by their areas: the gradient of tf.avgPool divides by the whole kernel, also at the edges. */
export const averagePoolGrad: Peer<AveragePoolGradParams> = ([dy], { inputs, outputs, params }) => {
  const [x] = outputs as [Spec];
  const kernel = tf.ones([...params.kernel, x.shape[3]!, 1]) as Tensor4D;
  const sumWindows = (v: Tensor, padding: number): Tensor => {
    const padded = tf.pad(v, explicit(params.pad), padding);
    const rest = overhang({
      inputs: [{ dtype: "f32", shape: padded.shape }],
      outputs: inputs,
      params: { ...params, pad: [0, 0, 0, 0] },
    });
    return tf.depthwiseConv2d(tf.pad(padded as Tensor4D, rest), kernel, both(params.stride), "valid");
  };
  const area = sumWindows(tf.ones([...x.shape]), Number(params.countPadding));
  return [tf.grad((v) => tf.div(sumWindows(v, 0), area))(tf.zeros([...x.shape]), dy)];
};

export const globalAveragePoolGrad: Peer<unknown> = ([dy], { outputs }) => [
  tf.grad((x) => tf.mean(x, [1, 2], dy!.rank === 4))(tf.zeros([...outputs[0]!.shape]), dy),
];

/** Means over the windows that share out `from` elements to `to`, as a matrix [to, from]. */
function shares(from: number, to: number): Tensor2D {
  const rows = Array.from({ length: to }, (_, o) => {
    const [begin, end] = [Math.floor((o * from) / to), Math.ceil(((o + 1) * from) / to)];
    return Array.from({ length: from }, (_, i) => (i >= begin && i < end ? 1 / (end - begin) : 0));
  });
  return tf.tensor2d(rows, [to, from]);
}

/** By a matrix for the rows of a picture and one for its columns; "oh" applies it, "ho" turns it around. */
const share = (x: Tensor, rows: Tensor2D, columns: Tensor2D, way: "oh" | "ho"): Tensor =>
  tf.einsum(`${way},nwhc->nwoc`, columns, tf.einsum(`${way},nhwc->nowc`, rows, x));

export const adaptiveAveragePool: Peer<AdaptiveAveragePoolParams> = ([x], { params: { size } }) => {
  const [, h, w] = x!.shape as [number, number, number, number];
  return [share(x!, shares(h, size[0]), shares(w, size[1]), "oh")];
};

export const adaptiveAveragePoolGrad: Peer<AdaptiveAveragePoolGradParams> = ([dy], { params: { inputSize } }) => {
  const [, h, w] = dy!.shape as [number, number, number, number];
  return [share(dy!, shares(inputSize[0], h), shares(inputSize[1], w), "ho")];
};
