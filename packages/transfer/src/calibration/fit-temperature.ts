/**
 * The one number that logits are divided by so that the probabilities are honest; which class is the largest stays.
 *
 *   T = argmin of the mean over pictures of log(sum exp(z / T)) - z[label] / T
 *
 * Method   in b = 1 / T the loss is convex: its slope, mean of E[z] - z[label] under the probabilities, rises with b. Newton's
 *          steps, halving of the bracket where one would leave it
 * Source   Guo et al. 2017, section 4.2; logarithms of probabilities serve as logits too
 */
import { check } from "@tlx/kernels";
import { softmaxOf } from "./softmax.js";

/** Slope and curvature of the loss in b. */
function slopeAt(
  b: number,
  logits: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
): { readonly slope: number; readonly curvature: number } {
  let [slope, curvature] = [0, 0];
  for (const [i, row] of logits.entries()) {
    const probs = softmaxOf(row, 1 / b);
    const mean = probs.reduce((sum, p, c) => sum + p * row[c]!, 0);
    slope += mean - row[labels[i]!]!;
    curvature += probs.reduce((sum, p, c) => sum + p * (row[c]! - mean) ** 2, 0);
  }
  return { slope: slope / logits.length, curvature: curvature / logits.length };
}

/** 1 / T is looked for between these. */
const [LEAST, MOST] = [1e-3, 1e3];

/**
 * Undefined where no temperature is the best: all pictures are named right, so that any smaller one would do better, or they
 * are named no better than by chance. Throws E_USAGE for labels that do not fit the rows, and for logits that are no numbers.
 */
export function fitTemperature(logits: readonly ArrayLike<number>[], labels: ArrayLike<number>): number | undefined {
  check(
    logits.length === labels.length &&
      logits.every((row, i) => row[labels[i]!] !== undefined && Array.from(row).every(Number.isFinite)),
    "E_USAGE",
    () =>
      "temperature: expected a row of logits per label, numbers all, and labels within it; give those of the same pictures",
  );
  let [low, high] = [LEAST, MOST];
  if (slopeAt(low, logits, labels).slope >= 0 || slopeAt(high, logits, labels).slope <= 0) return undefined;
  let b = 1;
  for (;;) {
    const { slope, curvature } = slopeAt(b, logits, labels);
    if (slope < 0) low = b;
    else high = b;
    const next = b - slope / curvature;
    const stays = next > low && next < high;
    // Halved on a scale of ratios, on which both ends are equally far from 1.
    const step = (stays ? next : Math.sqrt(low * high)) - b;
    if (Math.abs(step) <= 1e-12 * b || high / low - 1 < 1e-12) return 1 / b;
    b += step;
  }
}
