import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import { FLUSH } from "../softmax/tolerance.js";

export const referenceSquaredError: Reference<NoParams> = ([x, target, weights], { inputs }) => {
  const [samples, columns] = inputs[0]!.shape as [number, number];
  const grad = new Float64Array(samples * columns);
  let loss = 0;
  for (let i = 0; i < samples; i++) {
    if (weights![i] === 0) continue;
    for (let k = i * columns; k < (i + 1) * columns; k++) {
      const difference = x![k]! - target![k]!;
      loss += (weights![i]! * difference ** 2) / columns;
      grad[k] = (2 * weights![i]! * difference) / columns;
    }
  }
  return [Float64Array.of(loss), grad];
};

/**
 * In units of 2^-24. Gradient: the division of the weight takes 5, the difference and the product 1 each.
 *
 * Loss: the difference counts twice, the division takes 5 and its product 1; a sum of K squares and one of B samples as
 * `sumOf` bounds them. A square may be flushed to zero.
 */
export const squaredErrorTolerance: Tolerance<NoParams> = (
  { inputs, params, outputs },
  [x, target, weights],
  [, grad],
) => {
  const [samples, columns] = inputs[0]!.shape as [number, number];
  const magnitudes = [x!, target!, weights!.map(Math.abs)];
  const [magnitude] = referenceSquaredError(magnitudes, { inputs, params, outputs });
  const units = 8 + 4 * Math.sqrt(columns) + 4 * Math.sqrt(samples);
  return [magnitude!.map((v) => units * EPSILON * v + FLUSH), grad!.map((g) => 7 * EPSILON * Math.abs(g) + FLUSH)];
};
