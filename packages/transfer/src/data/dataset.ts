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
  /** Were train and val folders of their own, or is val a part of the pictures that was drawn by a seed? */
  readonly origin: "folders" | "split";
  /** What was found and left out, with the reason. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Draws the share `split` of `files` to measure on, at least one where there are two or more and never all of them. Both
 * parts keep their order. The draw depends on `seed` and on the number of files alone.
 */
export function splitFiles(files: readonly string[], split: number, seed: number): [train: string[], val: string[]] {
  const count = files.length < 2 ? 0 : Math.min(files.length - 1, Math.max(1, Math.round(files.length * split)));
  const drawn = new Set(shuffled([...files.keys()], seed).slice(0, count));
  return [files.filter((_, i) => !drawn.has(i)), files.filter((_, i) => drawn.has(i))];
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
