import { TlxError } from "@tlx/kernels";

/** Largest difference over largest magnitude. NaN anywhere gives NaN, which no tolerance accepts. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.NaN;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(found[i]! - expected[i]!);
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / magnitude;
}

/** Throws E_VERIFY when `found` is further than `tolerance` from `expected`. */
export function assertAgree(
  name: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  const error = relativeError(found, expected);
  if (error <= tolerance) return;
  throw new TlxError("E_VERIFY", `${name}: output is wrong (relative error ${error}, allowed ${tolerance}); not timed`);
}
