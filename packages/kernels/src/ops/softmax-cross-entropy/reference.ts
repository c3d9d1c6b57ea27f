import type { Reference } from "../../testing/record.js";
import type { CrossEntropyParams } from "./op.js";

export const referenceSoftmaxCrossEntropy: Reference<CrossEntropyParams> = (
  [logits, labels, weights],
  { inputs, params },
) => {
  const [samples, classes] = inputs[0]!.shape as [number, number];
  const grad = new Float64Array(samples * classes);
  let loss = 0;
  for (let i = 0; i < samples; i++) {
    const w = weights![i]!;
    if (w === 0) continue;
    const row = logits!.subarray(i * classes, (i + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const logSum = largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
    row.forEach((v, k) => {
      const target = (k === labels![i] ? 1 - params.smoothing : 0) + params.smoothing / classes;
      // A class that is no target adds nothing, even where its logit is infinite.
      if (target > 0) loss += w * target * (logSum - v);
      grad[i * classes + k] = w * (Math.exp(v - logSum) - target);
    });
  }
  return [Float64Array.of(loss), grad];
};
