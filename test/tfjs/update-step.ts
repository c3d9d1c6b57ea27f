import type { Optimizer, Tensor, Variable } from "@tensorflow/tfjs";
import { tf } from "./backend.js";

/** From correction1 = 1 - beta1^t. */
export const stepNumber = (beta1: number, correction1: number): number =>
  Math.round(Math.log(1 - correction1) / Math.log(beta1));

/** Clipping by the squared norm of all gradients, where it is given. */
function clip(grad: Tensor, hyper: ArrayLike<number>, norm: Tensor | undefined): Tensor {
  if (!norm || hyper[7] === 0) return grad;
  return tf.mul(grad, tf.minimum(1, tf.div(hyper[7]!, tf.add(tf.sqrt(norm), 1e-6))));
}

/** `param` after one step. */
function applyStep(optimizer: Optimizer, param: Tensor, grad: Tensor): Tensor {
  const variable: Variable = tf.variable(param);
  optimizer.applyGradients([{ name: variable.name, tensor: grad }]);
  return variable;
}

/** AdamW as the Adam of TensorFlow.js after decoupled decay by hand. */
export async function adamStep([param, grad, m, v, hyperInput, norm]: readonly Tensor[]): Promise<readonly Tensor[]> {
  const hyper = hyperInput!.dataSync() as unknown as Float32Array;
  const [rate, beta1, beta2, eps, decay, correction1] = hyper as unknown as [
    ...(Float32Array & [number, number, number, number, number, number]),
  ];
  const optimizer = tf.train.adam(rate, beta1, beta2, eps);
  await optimizer.setWeights([
    { name: "iter", tensor: tf.scalar(stepNumber(beta1, correction1) - 1, "int32") },
    { name: "m", tensor: m! },
    { name: "v", tensor: v! },
  ]);
  const updated = applyStep(optimizer, tf.mul(param!, 1 - rate * decay), clip(grad!, hyper, norm));
  const [, m2, v2] = await optimizer.getWeights();
  return [updated, m2!.tensor, v2!.tensor];
}

/** SGD as the momentum optimizer of TensorFlow.js on gradients that decay has joined by hand. */
export async function sgdStep([param, grad, velocity, hyperInput, norm]: readonly Tensor[]): Promise<
  readonly Tensor[]
> {
  const hyper = hyperInput!.dataSync() as unknown as Float32Array;
  const [rate, momentum, nesterov, , decay] = hyper as unknown as [
    ...(Float32Array & [number, number, number, number, number]),
  ];
  const optimizer = tf.train.momentum(rate, momentum, nesterov > 0);
  await optimizer.setWeights([
    { name: "iter", tensor: tf.scalar(0, "int32") },
    { name: "velocity", tensor: velocity! },
  ]);
  const joined = tf.add(clip(grad!, hyper, norm), tf.mul(param!, decay));
  const updated = applyStep(optimizer, param!, joined);
  const [, velocity2] = await optimizer.getWeights();
  return [updated, velocity2!.tensor];
}
