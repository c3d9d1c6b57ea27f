/**
 * Is a set large or small? Pictures of the median class decide at the ends, between them what more pictures would bring.
 *
 *   below 200     small
 *   200 to 1000   small where the learning curve says that twice as many would bring a point or more, else large
 *   above 1000    large
 *
 * Source   the learning curve is measured; the ends are where Kornblith et al. 2019 (figure 8) see features with a new head far
 *          ahead of training from nothing (some hundred a class), and both meet (about 1000 a class)
 */
import type { LearningCurve } from "../evidence/learning-curve.js";

export interface SetSize {
  readonly verdict: "small" | "large";
  /** Training pictures of the median class. */
  readonly perClass: number;
  /** Expected gain in accuracy from twice the pictures. */
  readonly gainOfTwice: number;
  /** Does the other measurement say the same? */
  readonly agrees: boolean;
}

const FEW = 200;
const MANY = 1000;
const STEEP = 0.01;

export function judgeSize(counts: readonly number[], { gainOfTwice }: Pick<LearningCurve, "gainOfTwice">): SetSize {
  const sorted = [...counts].sort((a, b) => a - b);
  const perClass = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const byCurve = gainOfTwice >= STEEP ? "small" : "large";
  const byCount = perClass < FEW ? "small" : perClass > MANY ? "large" : undefined;
  return { verdict: byCount ?? byCurve, perClass, gainOfTwice, agrees: byCount === undefined || byCount === byCurve };
}
