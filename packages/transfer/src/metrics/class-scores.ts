/**
 * How well each class is told apart.
 *
 *   precision = right / named so     recall = right / of the class     f1 = 2 right / (named so + of the class)
 */
import type { ConfusionMatrix } from "./confusion-matrix.js";

/** Figures of one class, each undefined where it would divide by 0. */
export interface ClassScores {
  /** Share of those named so that are of the class. */
  readonly precision: number | undefined;
  /** Share of the class that was named so. */
  readonly recall: number | undefined;
  /** Harmonic mean of both. */
  readonly f1: number | undefined;
  /** Samples of the class. */
  readonly support: number;
}

const ratio = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

/** One entry per class. */
export function classScores(matrix: ConfusionMatrix): ClassScores[] {
  return matrix.map((row, c) => {
    const right = row[c]!;
    const support = row.reduce((a, b) => a + b, 0);
    const named = matrix.reduce((sum, other) => sum + other[c]!, 0);
    return {
      precision: ratio(right, named),
      recall: ratio(right, support),
      f1: ratio(2 * right, named + support),
      support,
    };
  });
}
