/**
 * A learning rate that is too high: the loss on train rises, though every step is meant to lower it.
 *
 *   found in epoch e >= 2 when its loss is above 1.5 times the smallest before it and above a tenth of ln(classes), and so was
 *   that of the epoch before; or when it is above 2 ln(classes): naming classes blindly costs ln(classes)
 */
import type { EpochEvent } from "../train/events.js";
import type { TrainingWarning } from "./training-warning.js";

const RISE = 1.5;
const BLIND = 2;
const NOTABLE = 0.1;

/** `epochs`: all so far. `learningRate`: the highest of the run. */
export function findRisingLoss(
  epochs: readonly EpochEvent[],
  classes: number,
  learningRate: number,
): TrainingWarning | undefined {
  const now = epochs.at(-1);
  if (!now || epochs.length < 2) return undefined;
  const blind = Math.log(classes);
  const roseAt = (i: number): boolean => {
    const least = Math.min(...epochs.slice(0, i).map((e) => e.loss));
    return i > 0 && epochs[i]!.loss > RISE * least && epochs[i]!.loss > NOTABLE * blind;
  };
  const rises = roseAt(epochs.length - 1) && roseAt(epochs.length - 2);
  if (!rises && now.loss <= BLIND * blind) return undefined;
  const least = epochs.slice(0, -1).reduce((best, e) => (e.loss < best.loss ? e : best));
  return {
    kind: "learning-rate",
    epoch: now.epoch,
    message: rises
      ? `the loss on train rises: ${least.loss.toFixed(3)} in epoch ${least.epoch}, ${now.loss.toFixed(3)} in epoch ${now.epoch}`
      : `the loss on train is ${now.loss.toFixed(3)} in epoch ${now.epoch}, where guessing blindly among ${classes} classes costs ${blind.toFixed(3)}`,
    advice: `the learning rate is likely too high: try --lr ${Number((learningRate / 10).toPrecision(2))}, a warm-up (--warmup-epochs 2) or --clip-norm 1; tlx lr-find measures a rate`,
  };
}
