import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceSoftmaxCrossEntropy: Reference<NoParams> = ([logits, labels, weights], { inputs }) => {
  const [samples, classes] = inputs[0]!.shape as [number, number];
  const grad = new Float64Array(samples * classes);
  let loss = 0;
  for (let i = 0; i < samples; i++) {
    const w = weights![i]!;
    if (w === 0) continue;
    const row = logits!.subarray(i * classes, (i + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const logSum = largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
    loss += w * (logSum - row[labels![i]!]!);
    row.forEach((v, k) => {
      grad[i * classes + k] = w * (Math.exp(v - logSum) - (k === labels![i] ? 1 : 0));
    });
  }
  return [Float64Array.of(loss), grad];
};
