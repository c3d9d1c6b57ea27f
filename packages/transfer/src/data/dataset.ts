import { check } from "@tlx/kernels";
import { mix } from "@tlx/nn";

/** One example: where it is and the index of its class. */
export interface Sample {
  readonly file: string;
  readonly label: number;
}

/** Samples by class, split into those to train on and those to measure on. */
export interface Dataset {
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  /** What was found and left out, with the reason. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * A copy of `items` in an order that depends on `seed` and on their number alone: integers only, so it is equal everywhere.
 * Throws E_USAGE when the seed is not a whole number.
 */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  check(Number.isSafeInteger(seed), "E_USAGE", () => `seed: expected a whole number, found ${seed}`);
  const key = mix(seed ^ mix(Math.floor(seed / 2 ** 32)));
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    // hash * (i + 1) stays below 2^53, so the product is exact.
    const j = Math.floor((mix(key + Math.imul(i, 0x9e3779b1)) * (i + 1)) / 2 ** 32);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
