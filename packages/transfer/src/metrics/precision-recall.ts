/**
 * What naming more pictures positive costs in precision.
 *
 *   average precision = sum over thresholds of (recall - recall before) x precision        no interpolation
 *
 * Source   Davis and Goadrich 2006 on why the curve must not be joined by straight lines
 */
import { rankedCounts } from "./ranked-counts.js";

export interface PrecisionRecallPoint {
  /** Scores from here on are named positive. */
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
}

export interface PrecisionRecall {
  /** By rising recall, to be drawn as steps. */
  readonly points: readonly PrecisionRecallPoint[];
  readonly averagePrecision: number;
  /** Share of positives: the precision of naming all so. */
  readonly baseline: number;
}

/**
 * `labels[i]` is 1 for a positive and 0 for a negative. Undefined without a positive.
 * Throws E_USAGE for lists that do not fit each other.
 */
export function precisionRecallOf(scores: ArrayLike<number>, labels: ArrayLike<number>): PrecisionRecall | undefined {
  const counts = rankedCounts(scores, labels);
  const positives = counts.at(-1)?.hits ?? 0;
  if (positives === 0) return undefined;
  const points = counts.map(({ threshold, hits, falseAlarms }) => ({
    threshold,
    precision: hits / (hits + falseAlarms),
    recall: hits / positives,
  }));
  const averagePrecision = points.reduce(
    (sum, { precision, recall }, i) => sum + (recall - (points[i - 1]?.recall ?? 0)) * precision,
    0,
  );
  return { points, averagePrecision, baseline: positives / labels.length };
}
