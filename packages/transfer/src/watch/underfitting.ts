/**
 * Underfitting: not even the training pictures are told apart.
 *
 *   skill = (accuracy on train - 1 / classes) / (1 - 1 / classes):   0 for guessing, 1 for no error
 *   found at the end when skill < 0.65 in the epoch of the highest accuracy on train, ahead of that on val by at most 10 points
 */
import type { EpochEvent } from "../train/events.js";
import { asPercent, type TrainingWarning } from "./training-warning.js";

const LEAST_SKILL = 0.65;
const MOST_GAP = 0.1;
/** Over the last third of the epochs: the loss still falls by more than this share. */
const STILL_FALLING = 0.08;

/** `isHeadOnly`: nothing but the new head learned. */
export function findUnderfitting(
  epochs: readonly EpochEvent[],
  classes: number,
  isHeadOnly: boolean,
): TrainingWarning | undefined {
  if (epochs.length === 0) return undefined;
  const best = epochs.reduce((top, e) => (e.trainAccuracy > top.trainAccuracy ? e : top));
  const skill = (best.trainAccuracy - 1 / classes) / (1 - 1 / classes);
  if (skill >= LEAST_SKILL || best.trainAccuracy - best.valAccuracy > MOST_GAP) return undefined;
  const before = epochs[Math.floor((2 * epochs.length) / 3) - 1] ?? epochs[0]!;
  const falls = epochs.at(-1)!.loss < (1 - STILL_FALLING) * before.loss;
  const more = falls ? "more epochs (--epochs) or a higher rate (--lr), since the loss still falls; " : "";
  const layers = isHeadOnly
    ? "let layers of the network learn too (--unfreeze last:2), or take a larger network (--model)"
    : "let more layers learn (--unfreeze all), a higher rate (--lr), less augmentation and weight decay";
  return {
    kind: "underfitting",
    epoch: best.epoch,
    message:
      `underfitting: even on train only ${asPercent(best.trainAccuracy)} are named right at best (epoch ${best.epoch}; guessing gets ` +
      `${asPercent(1 / classes)})${isHeadOnly ? "; only the head learned, on features made for other pictures" : ""}`,
    advice: `${more}${layers}; look at the pictures and their labels too`,
  };
}
