import type { Optimizer, Tensor, Variable } from "@tensorflow/tfjs";
import type { UpdateParams } from "@tlx/kernels";
import { tf } from "./backend.js";

/** From correction1 = 1 - beta1^t. */
export const stepNumber = (beta1: number, correction1: number): number =>
  Math.round(Math.log(1 - correction1) / Math.log(beta1));

interface Step {
  readonly hyper: Float32Array;
  /** With the scale, the clipping and the mask of the step. */
  readonly grad: Tensor;
  readonly rate: number;
  /** `next`, or `before` where the mask is zero. */
  where(before: Tensor, next: Tensor): Tensor;
  /** The average that follows `param`, in an array of one; none where there is none. */
  follow(param: Tensor): readonly Tensor[];
}

/** What comes before every optimizer, on its last inputs; undefined where the norm is not finite. */
function prepare(grad: Tensor, inputs: readonly Tensor[], params: UpdateParams): Step | undefined {
  const [hyperInput, norm, mask] = params.averaged ? inputs.slice(1) : inputs;
  const hyper = hyperInput!.dataSync() as Float32Array;
  if (!Number.isFinite(norm!.dataSync()[0])) return undefined;
  const [clip, scale] = [hyper[7]!, hyper[8]!];
  const clipped = clip > 0 ? tf.minimum(1, tf.div(clip, tf.add(tf.mul(scale, tf.sqrt(norm!)), 1e-6))) : tf.scalar(1);
  const decay = hyper[9]!;
  const scaled = tf.mul(grad, tf.mul(scale, clipped));
  return {
    hyper,
    grad: mask ? tf.mul(scaled, mask) : scaled,
    rate: hyper[0]! * params.rateScale,
    follow: (param) => (params.averaged ? [tf.add(tf.mul(inputs[0]!, decay), tf.mul(param, 1 - decay))] : []),
    where: (before, next) => (mask ? tf.where(tf.notEqual(mask, 0), next, before) : next),
  };
}

/** `param` after one step. */
function applyStep(optimizer: Optimizer, param: Tensor, grad: Tensor): Tensor {
  const variable: Variable = tf.variable(param);
  optimizer.applyGradients([{ name: variable.name, tensor: grad }]);
  return variable;
}

/** AdamW as the Adam of TensorFlow.js after decoupled decay by hand. */
export async function adamStep(
  [param, grad, m, v, ...rest]: readonly Tensor[],
  params: UpdateParams,
): Promise<readonly Tensor[]> {
  const step = prepare(grad!, rest, params);
  if (!step) return [param!, m!, v!, ...rest.slice(0, Number(params.averaged))];
  const [, beta1, beta2, eps, decay, correction1] = step.hyper as unknown as [
    ...(Float32Array & [number, number, number, number, number, number]),
  ];
  const optimizer = tf.train.adam(step.rate, beta1, beta2, eps);
  await optimizer.setWeights([
    { name: "iter", tensor: tf.scalar(stepNumber(beta1, correction1) - 1, "int32") },
    { name: "m", tensor: m! },
    { name: "v", tensor: v! },
  ]);
  const updated = applyStep(optimizer, tf.mul(param!, 1 - step.rate * decay), step.grad);
  const [, m2, v2] = await optimizer.getWeights();
  const param2 = step.where(param!, updated);
  return [param2, step.where(m!, m2!.tensor), step.where(v!, v2!.tensor), ...step.follow(param2)];
}

/** SGD as the momentum optimizer of TensorFlow.js on gradients that decay has joined by hand. */
export async function sgdStep(
  [param, grad, velocity, ...rest]: readonly Tensor[],
  params: UpdateParams,
): Promise<readonly Tensor[]> {
  const step = prepare(grad!, rest, params);
  if (!step) return [param!, velocity!, ...rest.slice(0, Number(params.averaged))];
  const [, momentum, nesterov, , decay] = step.hyper as unknown as [
    ...(Float32Array & [number, number, number, number, number]),
  ];
  const optimizer = tf.train.momentum(step.rate, momentum, nesterov > 0);
  await optimizer.setWeights([
    { name: "iter", tensor: tf.scalar(0, "int32") },
    { name: "velocity", tensor: velocity! },
  ]);
  const updated = applyStep(optimizer, param!, tf.add(step.grad, tf.mul(param!, decay)));
  const [, velocity2] = await optimizer.getWeights();
  const param2 = step.where(param!, updated);
  return [param2, step.where(velocity!, velocity2!.tensor), ...step.follow(param2)];
}
