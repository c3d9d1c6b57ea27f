import type { HostTensor } from "../spec.js";

export interface Mismatch {
  readonly output: number;
  readonly index: number;
  readonly found: number;
  readonly expected: number;
  readonly allowed: number;
}

/** The element furthest beyond its tolerance, or undefined when all are within. NaN never passes. */
export function worstMismatch(
  found: readonly HostTensor["data"][],
  expected: readonly Float64Array[],
  allowed: readonly Float64Array[],
): Mismatch | undefined {
  let worst: Mismatch | undefined;
  let excess = 0;
  expected.forEach((values, output) => {
    for (let index = 0; index < values.length; index++) {
      const f = found[output]![index] as number;
      const over = Math.abs(f - values[index]!) - allowed[output]![index]!;
      const beyond = Number.isNaN(over) ? Number.POSITIVE_INFINITY : over;
      if (beyond <= excess) continue;
      excess = beyond;
      worst = { output, index, found: f, expected: values[index]!, allowed: allowed[output]![index]! };
    }
  });
  return worst;
}
