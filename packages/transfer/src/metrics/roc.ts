/**
 * How well a score ranks the pictures of one class before those of the other, whatever the threshold.
 *
 *   AUC        share of pairs, one of each class, of which the positive has the higher score; a tie counts half
 *   interval   those A with |AUC - A| <= z sqrt(V(A)),
 *              V(A) = A (1 - A) / (m n) (1 + (k - 1) ((1 - A) / (2 - A) + A / (1 + A))), k = (m + n) / 2
 *              of m positives and n negatives; it does not shrink to nothing where all pairs are in order
 *
 * Source   Hanley and McNeil 1982 for the AUC and its variance; Newcombe 2006, method 5, for the interval
 */
import { normalQuantile } from "./normal-quantile.js";
import { rankedCounts } from "./ranked-counts.js";
import { DEFAULT_LEVEL, type Interval } from "./wilson-interval.js";

export interface RocPoint {
  /** Scores from here on are named positive; infinity: none is. */
  readonly threshold: number;
  /** Share of the positives that is named so. */
  readonly truePositiveRate: number;
  /** Share of the negatives that is named positive. */
  readonly falsePositiveRate: number;
}

export interface Roc {
  /** From (0, 0) to (1, 1), to be joined by straight lines. */
  readonly points: readonly RocPoint[];
  readonly auc: number;
  readonly interval: Interval;
}

/**
 * `labels[i]` is 1 for a positive and 0 for a negative. Undefined unless there are both.
 * Throws E_USAGE for lists that do not fit each other.
 */
export function rocOf(scores: ArrayLike<number>, labels: ArrayLike<number>, level?: number): Roc | undefined {
  const counts = rankedCounts(scores, labels);
  const { hits: positives, falseAlarms: negatives } = counts.at(-1) ?? { hits: 0, falseAlarms: 0 };
  if (positives === 0 || negatives === 0) return undefined;
  const points = [
    { threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0 },
    ...counts.map(({ threshold, hits, falseAlarms }) => ({
      threshold,
      truePositiveRate: hits / positives,
      falsePositiveRate: falseAlarms / negatives,
    })),
  ];
  const auc = points.slice(1).reduce((sum, { truePositiveRate: y, falsePositiveRate: x }, i) => {
    const before = points[i]!;
    return sum + ((x - before.falsePositiveRate) * (y + before.truePositiveRate)) / 2;
  }, 0);
  return { points, auc, interval: aucInterval(auc, positives, negatives, level) };
}

function variance(auc: number, positives: number, negatives: number): number {
  const more = (positives + negatives) / 2 - 1;
  return ((auc * (1 - auc)) / (positives * negatives)) * (1 + more * ((1 - auc) / (2 - auc) + auc / (1 + auc)));
}

/** Of an AUC measured on so many of both. */
export function aucInterval(
  auc: number,
  positives: number,
  negatives: number,
  level: number = DEFAULT_LEVEL,
): Interval {
  const z = normalQuantile((1 + level) / 2);
  const fits = (a: number): boolean => Math.abs(auc - a) <= z * Math.sqrt(variance(a, positives, negatives));
  const endTowards = (end: number): number => {
    if (auc === end) return end;
    let [inside, outside] = [auc, end];
    for (let i = 0; i < 60; i++) {
      const middle = (inside + outside) / 2;
      if (fits(middle)) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return { low: endTowards(0), high: endTowards(1) };
}
