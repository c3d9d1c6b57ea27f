/**
 * How far the precision, recall and F1 of a class can be trusted.
 *
 *   precision, recall   Wilson's interval of right / named so and right / of the class
 *   F1                  2 J / (1 + J) at both ends of Wilson's interval of J = right / (of the class or named so): that is F1 as
 *                       a rising function of a share, so its interval stays within 0 to 1 and is of use where all is right
 *
 * Source   Wilson 1927; for F1 the "Wilson indirect" interval of Lam, Gopal and Qian 2023
 */
import type { ConfusionMatrix } from "./confusion-matrix.js";
import { type Interval, wilsonInterval } from "./wilson-interval.js";

/** Of one class, each undefined where its figure is. */
export interface ClassIntervals {
  readonly precision: Interval | undefined;
  readonly recall: Interval | undefined;
  readonly f1: Interval | undefined;
}

const f1Of = (jaccard: number): number => (2 * jaccard) / (1 + jaccard);

/** One entry per class, as of `classScores`. */
export function classIntervals(matrix: ConfusionMatrix, level?: number): ClassIntervals[] {
  return matrix.map((row, c) => {
    const right = row[c]!;
    const support = row.reduce((a, b) => a + b, 0);
    const named = matrix.reduce((sum, other) => sum + other[c]!, 0);
    const either = wilsonInterval(right, named + support - right, level);
    return {
      precision: wilsonInterval(right, named, level),
      recall: wilsonInterval(right, support, level),
      f1: either && { low: f1Of(either.low), high: f1Of(either.high) },
    };
  });
}
