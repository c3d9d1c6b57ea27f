/**
 * Do two variants compute the same? Per output, with K the terms of its sums:
 *
 *   |a - b| <= 16 * sqrt(K) * 2^-24 * max |b|
 *
 * Source   statistical bound of Higham, Accuracy and Stability of Numerical Algorithms, section 2.8, for the sum of both
 */
import type { HostTensor } from "@tlx/kernels";

const factor = (terms: number): number => (16 * Math.sqrt(terms)) / 2 ** 24;

type Values = HostTensor["data"];

const largestOf = (values: Values): number => {
  let largest = 0;
  for (const v of values) largest = Math.max(largest, Math.abs(v));
  return largest;
};

/** Numbers, and not zeros alone: only then do others that agree with them say anything. */
export const isTelling = (outputs: readonly Values[]): boolean =>
  outputs.every((values) => Number.isFinite(largestOf(values))) && outputs.some((values) => largestOf(values) > 0);

/** Where `found` and `expected` disagree most, in words; undefined when they agree. Integers must be equal. */
export function disagreement(found: readonly Values[], expected: readonly Values[], terms: number): string | undefined {
  for (const [output, values] of expected.entries()) {
    const largest = largestOf(values);
    const allowed = values instanceof Float32Array ? factor(terms) * largest : 0;
    let worst = -1;
    let excess = allowed;
    for (let i = 0; i < values.length; i++) {
      const apart = Math.abs(found[output]![i]! - values[i]!);
      if (apart <= excess) continue;
      worst = i;
      if (Number.isNaN(apart)) break;
      excess = apart;
    }
    if (worst < 0) continue;
    return `output ${output}: expected ${values[worst]} at ${worst}, found ${found[output]![worst]}; allowed is a difference of ${allowed.toExponential(1)}`;
  }
  return undefined;
}
