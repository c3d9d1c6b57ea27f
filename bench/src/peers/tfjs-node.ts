/** One node of a tlx graph by TensorFlow.js's ops. */
import { type EpilogueParams, type Extra, extrasOf, TlxError } from "@tlx/kernels";
import type { Node } from "@tlx/nn";
import type { Tensor, Tf, Variable } from "./open-tfjs.js";

type Activation = "none" | "relu" | "relu6";

interface WindowParams {
  readonly stride: [number, number];
  readonly pad: [number, number, number, number];
  readonly activation: Activation;
}

/** As small a number as TensorFlow.js takes where it is the same on all sides. */
const padOf = ([top, bottom, left, right]: WindowParams["pad"]) =>
  top === bottom && left === right && top === left
    ? top
    : ([
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ] as never);

const activate = (tf: Tf, x: Tensor, activation: Activation = "none"): Tensor =>
  activation === "none" ? x : tf[activation](x);

/**
 * The first output of `node`. Where gradients are taken, activations are ops of their own: TensorFlow.js would take its fused
 * op apart, bias and all. Throws E_GRAPH for an op without a counterpart here.
 */
export function applyNode(tf: Tf, node: Node, inputs: readonly Tensor[], training: boolean): Tensor {
  const [x, w] = inputs as [Tensor, Tensor];
  const extras = extrasOf(node.params as EpilogueParams, inputs.length);
  const given = (extra: Extra): Tensor | undefined =>
    extras.includes(extra) ? inputs[2 + extras.indexOf(extra)] : undefined;
  const [scale, added, residual] = [given("scale"), given("bias"), given("residual")];
  const bias = scale ? undefined : added;
  const { activation = "none", ...params } = node.params as WindowParams;
  const apart = training || scale !== undefined || residual !== undefined;
  const fused = apart || activation === "none" ? ("linear" as const) : activation;
  const finish = (y: Tensor): Tensor => {
    const scaled = scale ? tf.add(tf.mul(y, scale), added as Tensor) : y;
    const sum = residual ? tf.add(scaled, residual) : scaled;
    return apart ? activate(tf, sum, activation) : sum;
  };
  switch (node.op.name) {
    case "conv2d":
    case "depthwiseConv2d": {
      const options = { x: x as never, strides: params.stride, pad: padOf(params.pad), bias, activation: fused };
      if (node.op.name === "conv2d") return finish(tf.fused.conv2d({ ...options, filter: w as never }));
      const [kh, kw, , c] = w.shape as [number, number, number, number];
      return finish(tf.fused.depthwiseConv2d({ ...options, filter: w.reshape([kh, kw, c, 1]) as never }));
    }
    case "matmul":
      return finish(tf.fused.matMul({ a: x, b: w, bias, activation: fused }));
    case "globalAveragePool":
      return tf.mean(x, [1, 2]);
    case "add":
    case "addBias":
      return tf.add(x, w);
    case "relu":
    case "relu6":
      return activate(tf, x, node.op.name);
    case "channelAffine":
      return tf.add(tf.mul(x, w), inputs[2] as Tensor);
    case "batchNormTraining":
      return activate(tf, batchNormTraining(tf, node, inputs), activation);
    default:
      throw new TlxError("E_GRAPH", `tfjs: op ${node.op.name} at "${node.path}" is not mapped`);
  }
}

/** The running statistics, which are variables, follow those of the batch. */
function batchNormTraining(tf: Tf, { params }: Node, inputs: readonly Tensor[]): Tensor {
  const [x, weight, bias, ...running] = inputs as [Tensor, Tensor, Tensor, Variable, Variable];
  const { eps, momentum } = params as { eps: number; momentum: number };
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  const { mean, variance } = tf.moments(x, axes);
  const count = x.size / (x.shape.at(-1) as number);
  const unbiased = tf.mul(variance, count / (count - 1));
  for (const [i, value] of [mean, unbiased].entries()) {
    const average = running[i] as Variable;
    average.assign(tf.add(tf.mul(average, 1 - momentum), tf.mul(value, momentum)));
  }
  return tf.batchNorm(x as never, mean as never, variance as never, bias as never, weight as never, eps);
}
