/**
 * Overfitting: what is learned holds for the training pictures only.
 *
 *   b = the epoch of the smallest loss on val so far
 *   found in epoch e when e - b >= 5, the losses on val of e and the two before it are all above 1.1 times that of b, the loss
 *   on train is below that of b, and accuracy on train is ahead of that on val by 5 points or more: 3 points more than in b, or
 *   with a loss on val above 1.5 times that of b
 */
import type { EpochEvent } from "../train/events.js";
import { asPercent, type TrainingWarning } from "./training-warning.js";

const PATIENCE = 5;
const RISE = 1.1;
const STEADY = 3;
const WIDE = 0.05;
const WIDER = 0.03;
const STEEP = 1.5;

const gapOf = ({ trainAccuracy, valAccuracy }: EpochEvent): number => trainAccuracy - valAccuracy;

/** `epochs`: all so far. */
export function findOverfitting(epochs: readonly EpochEvent[]): TrainingWarning | undefined {
  const now = epochs.at(-1);
  if (!now) return undefined;
  const least = epochs.reduce((best, e) => (e.valLoss < best.valLoss ? e : best));
  if (now.epoch - least.epoch < PATIENCE) return undefined;
  if (epochs.slice(-STEADY).some((e) => e.valLoss <= RISE * least.valLoss)) return undefined;
  const parts = gapOf(now) >= gapOf(least) + WIDER || now.valLoss > STEEP * least.valLoss;
  if (now.loss >= least.loss || gapOf(now) < WIDE || !parts) return undefined;
  return {
    kind: "overfitting",
    epoch: now.epoch,
    message:
      `overfitting since epoch ${least.epoch}: by epoch ${now.epoch} the loss on val rose from ${least.valLoss.toFixed(3)} to ` +
      `${now.valLoss.toFixed(3)} while that on train fell from ${least.loss.toFixed(3)} to ${now.loss.toFixed(3)}; ` +
      `${asPercent(now.trainAccuracy)} of train are named right, ${asPercent(now.valAccuracy)} of val`,
    advice:
      "stop sooner (--patience 5, with --metric loss), change the pictures (--augment standard), let fewer layers learn (--unfreeze head), or add pictures; the best epoch on val is kept in any case",
  };
}
