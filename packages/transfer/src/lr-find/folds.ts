/** Training samples cut into parts, each of which is held out in turn. */
import { TlxError } from "@tlx/kernels";
import { type Sample, shuffled } from "../data/dataset.js";

/** What one trial trains on, and what it is measured on. */
export interface Fold {
  readonly train: readonly Sample[];
  readonly held: readonly Sample[];
}

/**
 * `count` folds, or as many as the rarest class has samples. Every class is spread evenly, by `seed`.
 * Throws E_DATA for a class of a single sample, which cannot be learned and measured at once.
 */
export function drawFolds(
  classes: readonly string[],
  samples: readonly Sample[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Fold[] {
  const byClass = classes.map((_, label) => samples.filter((s) => s.label === label));
  const rarest = byClass.reduce((a, b, i) => (b.length < byClass[a]!.length ? i : a), 0);
  const fewest = byClass[rarest]!.length;
  if (fewest < 2) {
    throw new TlxError(
      "E_DATA",
      `lr-find: expected at least 2 training pictures of every class, to learn from one and measure on the other, found ${fewest} of "${classes[rarest]}"; add pictures, or choose a learning rate with --lr`,
    );
  }
  const folds = Math.min(count, fewest);
  const place = new Map<Sample, number>();
  let next = 0;
  for (const of of byClass) for (const sample of shuffled(of, seed)) place.set(sample, next++ % folds);
  return Array.from({ length: folds }, (_, fold) => ({
    train: samples.filter((s) => place.get(s) !== fold),
    held: samples.filter((s) => place.get(s) === fold),
  }));
}
