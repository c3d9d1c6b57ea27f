import type { NoParams } from "../../op.js";
import { EPSILON, type Tolerance } from "../../testing/record.js";

/** exp results below this may be flushed to zero: the smallest normal float32, with room for the error of exp. */
export const FLUSH: number = 2 ** -125;

/**
 * Errors of float32 softmax over one row, relative to each exp(x - max) and to their sum, in units of 1.
 *
 * With d = max - x: each of its `roundings` changes exp by d 2^-24, and WGSL allows exp 3 + 2 d ULP, so each power has
 * (6 + (4 + roundings) d) 2^-24. The sum has the mean of these weighted by the powers, plus 4 sqrt(K) 2^-24 for adding K positive
 * terms (the bound of `sumOf`).
 */
export function softmaxErrors(
  row: Float64Array,
  roundings = 1,
): { readonly power: Float64Array; readonly sum: number } {
  const largest = row.reduce((a, b) => Math.max(a, b));
  const power = row.map((v) => (6 + (4 + roundings) * (largest - v)) * EPSILON);
  let total = 0;
  let weighted = 0;
  row.forEach((v, k) => {
    const p = Math.exp(v - largest);
    total += p;
    weighted += p * power[k]! + FLUSH;
  });
  return { power, sum: weighted / total + 4 * Math.sqrt(row.length) * EPSILON };
}

/** Allowed error of softmax(row), given its exact value: power, sum and a division (5 units of 2^-24). */
export function probabilityErrors(row: Float64Array, probs: Float64Array, roundings = 1): Float64Array {
  const { power, sum } = softmaxErrors(row, roundings);
  return probs.map((p, k) => p * (power[k]! + sum + 5 * EPSILON) + FLUSH);
}

export const softmaxTolerance: Tolerance<NoParams> = ({ inputs }, [x], [y]) => {
  const columns = inputs[0]!.shape.at(-1)!;
  const allowed = new Float64Array(x!.length);
  for (let first = 0; first < x!.length; first += columns) {
    const end = first + columns;
    allowed.set(probabilityErrors(x!.subarray(first, end), y!.subarray(first, end)), first);
  }
  return [allowed];
};
