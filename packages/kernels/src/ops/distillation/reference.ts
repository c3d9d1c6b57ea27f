import type { Reference } from "../../testing/record.js";
import type { DistillationParams } from "./op.js";

/** Logs of the softmax of a row divided by the temperature. */
export function logProbs(row: Float64Array, temperature: number): Float64Array {
  const softened = row.map((v) => v / temperature);
  const largest = softened.reduce((a, b) => Math.max(a, b));
  const logSum = largest + Math.log(softened.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  return softened.map((v) => v - logSum);
}

export const referenceDistillation: Reference<DistillationParams> = (
  [logits, teacher, weights],
  { inputs, params: { temperature } },
) => {
  const [samples, classes] = inputs[0]!.shape as [number, number];
  const grad = new Float64Array(samples * classes);
  let loss = 0;
  for (let i = 0; i < samples; i++) {
    const w = weights![i]!;
    if (w === 0) continue;
    const [first, end] = [i * classes, (i + 1) * classes];
    const logQ = logProbs(logits!.subarray(first, end), temperature);
    logProbs(teacher!.subarray(first, end), temperature).forEach((logP, k) => {
      const p = Math.exp(logP);
      if (p > 0) loss += w * temperature ** 2 * p * (logP - logQ[k]!);
      grad[first + k] = w * temperature * (Math.exp(logQ[k]!) - p);
    });
  }
  return [Float64Array.of(loss), grad];
};
