import { EPSILON, type Tolerance } from "../../testing/record.js";
import { FLUSH, probabilityErrors, softmaxErrors } from "../softmax/tolerance.js";
import type { CrossEntropyParams } from "./op.js";

/**
 * Gradient: |w| times the error of the probability, plus 2 x 2^-24 |grad| for the difference and the product.
 *
 * Loss of a sample, log(sum) + (max - logit): log turns the relative error of the sum into an absolute one and adds 2^-21
 * near 1 or 3 ULP (WGSL); each of the three roundings takes 2^-24 of its operand. The total adds B terms (`sumOf`).
 *
 * Smoothing: the share of all classes takes 2^-24 for its argument and 5 for the division, that of the label 3; the mean of
 * the K distances is a sum (`sumOf`) with a rounding per distance and one for the product.
 */
export const softmaxCrossEntropyTolerance: Tolerance<CrossEntropyParams> = (
  { inputs, params: { smoothing } },
  [logits, labels, weights],
  [, grad],
) => {
  const [samples, classes] = inputs[0]!.shape as [number, number];
  const gradAllowed = new Float64Array(grad!.length);
  let lossAllowed = 0;
  let magnitude = 0;
  for (let i = 0; i < samples; i++) {
    const w = Math.abs(weights![i]!);
    if (w === 0) continue;
    const first = i * classes;
    const row = logits!.subarray(first, first + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((v) => Math.exp(v - largest));
    const sum = powers.reduce((a, b) => a + b);
    probabilityErrors(
      row,
      powers.map((p) => p / sum),
    ).forEach((e, k) => {
      const target = 8 * (smoothing / classes) + (k === labels![i] && smoothing > 0 ? 3 : 0);
      gradAllowed[first + k] = w * (e + target * EPSILON) + 2 * EPSILON * Math.abs(grad![first + k]!) + FLUSH;
    });
    const logSum = Math.log(sum);
    const mean = row.reduce((a, v) => a + (largest - v), 0) / classes;
    const label = largest - row[labels![i]!]!;
    const distance = (1 - smoothing) * label + smoothing * mean;
    const smoothed = smoothing === 0 ? 0 : 4 * label + (4 * Math.sqrt(classes) + 9) * smoothing * mean + distance;
    const log = softmaxErrors(row).sum + 2 ** -21 + 6 * EPSILON * logSum;
    lossAllowed += w * (log + EPSILON * (distance + smoothed + 2 * (logSum + distance)));
    magnitude += w * (logSum + distance);
  }
  return [Float64Array.of(lossAllowed + 4 * Math.sqrt(samples) * EPSILON * magnitude), gradAllowed];
};
