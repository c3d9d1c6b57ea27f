import { EPSILON, type Tolerance } from "../../testing/record.js";
import { FLUSH, probabilityErrors, softmaxErrors } from "../softmax/tolerance.js";
import type { DistillationParams } from "./op.js";

const ROUNDINGS = 3; // of a distance from the largest logit: the difference, 1 / T, their product

/** Of a row, as the kernel has them: distances from its largest softened logit, their exps, the sum of these, probabilities. */
function softened(logits: Float64Array, temperature: number) {
  const row = logits.map((v) => v / temperature);
  const largest = row.reduce((a, b) => Math.max(a, b));
  const below = row.map((v) => v - largest);
  const powers = below.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  const probs = powers.map((p) => p / sum);
  return {
    below,
    sum,
    probs,
    errors: probabilityErrors(row, probs, ROUNDINGS),
    sumError: softmaxErrors(row, ROUNDINGS).sum,
  };
}

/**
 * Gradient: |w| T times the errors of both probabilities, and in units of 2^-24 4 |grad| for T, its product with w, the
 * difference and the last product.
 *
 * Loss of a sample, sum of p (b - a) + log(ratio), with a and b the distances of student and teacher: each term has the error
 * of p, `ROUNDINGS` for a and b, one for their difference; products and sum as `sumOf`. The ratio of the sums has their errors
 * and 5 units of its division, which log makes absolute; log itself adds 2^-21 near 1, or 3 ULP (WGSL). 1 unit for adding
 * both, and 5 for w T^2, whose T counts twice. The total adds B terms (`sumOf`).
 */
export const distillationTolerance: Tolerance<DistillationParams> = (
  { inputs, params: { temperature } },
  [logits, teacher, weights],
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
    const student = softened(logits!.subarray(first, first + classes), temperature);
    const wanted = softened(teacher!.subarray(first, first + classes), temperature);
    const logRatio = Math.log(student.sum / wanted.sum);
    let divergence = logRatio;
    let error = student.sumError + wanted.sumError + 5 * EPSILON + 2 ** -21 + 6 * EPSILON * Math.abs(logRatio);
    wanted.probs.forEach((p, k) => {
      const [a, b] = [student.below[k]!, wanted.below[k]!];
      const apart = Math.abs(b - a);
      const rounded = ROUNDINGS * (Math.abs(a) + Math.abs(b)) + apart * (1 + 4 * Math.sqrt(classes));
      divergence += p * (b - a);
      error += wanted.errors[k]! * apart + p * EPSILON * rounded;
      const probErrors = student.errors[k]! + wanted.errors[k]!;
      gradAllowed[first + k] = w * temperature * probErrors + 4 * EPSILON * Math.abs(grad![first + k]!) + FLUSH;
    });
    const scale = w * temperature ** 2;
    lossAllowed += scale * (error + 6 * EPSILON * Math.abs(divergence));
    magnitude += scale * Math.abs(divergence);
  }
  return [Float64Array.of(lossAllowed + 4 * Math.sqrt(samples) * EPSILON * magnitude), gradAllowed];
};
