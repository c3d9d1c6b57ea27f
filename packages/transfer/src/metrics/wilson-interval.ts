/**
 * The score interval of a share: those shares q with which `successes` of `trials` would not be unlikely.
 *
 *   |k / n - q| <= z sqrt(q (1 - q) / n)      solved for q
 *
 * Source   Wilson 1927
 */
import { check } from "@tlx/kernels";
import { normalQuantile } from "./normal-quantile.js";

/** Where a figure of all pictures of this kind is likely to lie. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Confidence of intervals, unless told. */
export const DEFAULT_LEVEL = 0.95;

/** Undefined without trials. Throws E_USAGE for a count of successes that is not from 0 to `trials`. */
export function wilsonInterval(successes: number, trials: number, level: number = DEFAULT_LEVEL): Interval | undefined {
  check(
    successes >= 0 && successes <= trials,
    "E_USAGE",
    () => `interval: expected from 0 to ${trials} successes in ${trials} trials, found ${successes}`,
  );
  if (trials === 0) return undefined;
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const share = successes / trials;
  const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = Math.sqrt(z2 * ((share * (1 - share)) / trials + z2 / (4 * trials ** 2))) / (1 + z2 / trials);
  // At the ends both terms are equal, but for rounding.
  return { low: successes === 0 ? 0 : middle - half, high: successes === trials ? 1 : middle + half };
}
