/** Draws that keep the share of every class, the same everywhere for one seed. */
import { shuffled } from "../data/dataset.js";
import { rowsByClass } from "./feature-matrix.js";

/**
 * A fold from 0 to `folds` - 1 for every row: rows of a class are dealt out in turn, and each class goes on where the one before it
 * ended, so that folds differ by one row at most, in every class and in all.
 */
export function stratifiedFolds(labels: ArrayLike<number>, classes: number, folds: number, seed: number): Uint32Array {
  const foldOf = new Uint32Array(labels.length);
  let next = 0;
  rowsByClass(labels, classes).forEach((rows, c) => {
    for (const row of shuffled(rows, seed * 1009 + c)) foldOf[row] = next++ % folds;
  });
  return foldOf;
}

/**
 * The share of every class in `rows`, at least `least` of each or all that are there. A smaller share is a part of a larger one of the
 * same seed.
 */
export function stratifiedShare(
  rows: readonly number[],
  labels: ArrayLike<number>,
  classes: number,
  share: number,
  seed: number,
  least = 1,
): number[] {
  const own = rows.map((row) => labels[row] as number);
  return rowsByClass(own, classes)
    .flatMap((places, c) =>
      shuffled(places, seed * 2003 + c).slice(0, Math.max(least, Math.round(places.length * share))),
    )
    .sort((a, b) => a - b)
    .map((place) => rows[place] as number);
}
