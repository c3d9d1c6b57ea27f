/**
 * What the curve of a range test tells: loss over learning rate, a step for each rate.
 *
 *   lowest     the rate at which the smoothed loss was lowest
 *   tenth      lowest / 10
 *   steepest   where the smoothed loss fell fastest over the logarithm of the rate
 *   valley     two thirds along the longest falling part
 *
 * Shapes   points in the order of their rates, which grow
 * Throws   E_DATA for fewer than three points
 * Source   Smith 2017, Cyclical Learning Rates, section 3.3; the other marks are those that people read off such curves
 */
import { check } from "@tlx/kernels";

/** One step of a range test. */
export interface RangePoint {
  readonly rate: number;
  /** Of the step's pictures, before the step. */
  readonly loss: number;
  readonly smoothed: number;
}

export interface RangeMarks {
  readonly lowest: number;
  readonly tenth: number;
  readonly steepest: number;
  readonly valley: number;
}

export function readCurve(points: readonly RangePoint[]): RangeMarks {
  check(
    points.length >= 3,
    "E_DATA",
    () =>
      `lr-find: expected a loss that is a number for 3 steps or more, found ${points.length}; try --clip-norm 1, or choose a rate with --lr`,
  );
  const bottom = points.reduce((best, p, i) => (p.smoothed < points[best]!.smoothed ? i : best), 0);
  const rateAt = (i: number): number => points[i]!.rate;
  // Behind the lowest point the loss only rises.
  const falling = points.slice(0, Math.max(bottom + 1, 3));
  return {
    lowest: rateAt(bottom),
    tenth: rateAt(bottom) / 10,
    steepest: rateAt(steepestOf(falling)),
    valley: rateAt(valleyOf(falling)),
  };
}

/** Index of the point where the slope over log rate, between its neighbours, is lowest. */
function steepestOf(points: readonly RangePoint[]): number {
  const slope = (i: number): number => {
    const [a, b] = [points[i - 1]!, points[i + 1]!];
    return (b.smoothed - a.smoothed) / Math.log(b.rate / a.rate);
  };
  let best = 1;
  for (let i = 2; i < points.length - 1; i++) if (slope(i) < slope(best)) best = i;
  return best;
}

/** Index two thirds along the longest run of points, each lower than the one before, which need not be neighbours. */
function valleyOf(points: readonly RangePoint[]): number {
  const length = points.map(() => 1);
  const before = points.map(() => -1);
  for (let i = 1; i < points.length; i++) {
    for (let j = 0; j < i; j++) {
      if (points[i]!.smoothed >= points[j]!.smoothed || length[j]! + 1 <= length[i]!) continue;
      length[i] = length[j]! + 1;
      before[i] = j;
    }
  }
  const run: number[] = [];
  for (let i = length.indexOf(Math.max(...length)); i >= 0; i = before[i]!) run.unshift(i);
  return run[Math.floor((2 * (run.length - 1)) / 3)]!;
}
