/**
 * A validation set too small for what is concluded from it.
 *
 *   interval = Wilson's 95 % interval of the accuracy of the best epoch
 *   gain     = that accuracy less the median accuracy of the second half of the epochs
 *   found at the end when the interval is wider than 10 points and than the gain
 */
import { wilsonInterval } from "../metrics/wilson-interval.js";
import type { EpochEvent } from "../train/events.js";
import { asPercent, type TrainingWarning } from "./training-warning.js";

const WIDE = 0.1;

/** `pictures`: those of val that can be read. */
export function findSmallValidation(epochs: readonly EpochEvent[], pictures: number): TrainingWarning | undefined {
  const best = epochs.findLast((e) => e.best);
  const interval = best && wilsonInterval(Math.round(best.valAccuracy * pictures), pictures);
  if (!interval) return undefined;
  const width = interval.high - interval.low;
  const half = epochs.slice(Math.floor(epochs.length / 2)).map((e) => e.valAccuracy);
  const gain = best.valAccuracy - half.sort((a, b) => a - b)[half.length >> 1]!;
  if (width <= Math.max(WIDE, gain)) return undefined;
  const points = (share: number): string => (100 * share).toFixed(1);
  const ahead =
    gain > 0 ? `; the best epoch is ahead of the usual one by ${points(gain)} points, which may be chance` : "";
  return {
    kind: "small-validation",
    message:
      `${pictures} pictures to measure on are few: with ${asPercent(best.valAccuracy)} of them named right, of all such pictures ` +
      `it may be ${asPercent(interval.low)} to ${asPercent(interval.high)} (95 % interval)${ahead}`,
    advice:
      "do not choose between settings that differ by less than that; measure on more pictures (more in val/, or a larger --split), or average over several seeds (tlx compare)",
  };
}
