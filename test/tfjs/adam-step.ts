import type { Tensor, Variable } from "@tensorflow/tfjs";
import { tf } from "./backend.js";

/** From correction1 = 1 - beta1^t. */
export const stepNumber = (beta1: number, correction1: number): number =>
  Math.round(Math.log(1 - correction1) / Math.log(beta1));

/** AdamW as the Adam of TensorFlow.js after decoupled decay by hand. */
export async function adamStep([param, grad, m, v, hyper]: readonly Tensor[]): Promise<readonly Tensor[]> {
  const [rate, beta1, beta2, eps, decay, correction1] = hyper!.dataSync() as unknown as [
    ...(Float32Array & [number, number, number, number, number, number]),
  ];
  const optimizer = tf.train.adam(rate, beta1, beta2, eps);
  await optimizer.setWeights([
    { name: "iter", tensor: tf.scalar(stepNumber(beta1, correction1) - 1, "int32") },
    { name: "m", tensor: m! },
    { name: "v", tensor: v! },
  ]);
  const variable: Variable = tf.variable(tf.mul(param!, 1 - rate * decay));
  optimizer.applyGradients([{ name: variable.name, tensor: grad! }]);
  const [, m2, v2] = await optimizer.getWeights();
  return [variable, m2!.tensor, v2!.tensor];
}
