/** A whole training at one learning rate, measured on pictures that are held out of the training ones. */
import { TlxError } from "@tlx/kernels";
import { isBetter } from "../train/best-epoch.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import type { TrainSettings } from "../train/settings.js";
import { allParts } from "../train/train.js";
import { type TrainInput, trainWith } from "../train/trainer.js";
import type { Fold } from "./folds.js";

/** How one trial did, after its best epoch. */
export interface Trial {
  readonly rate: number;
  /** Index of the fold that was held out. */
  readonly fold: number;
  /** Pictures that were measured on. */
  readonly pictures: number;
  /** Share of them named right. */
  readonly accuracy: number;
  /** In nats; infinite where the loss was no number. */
  readonly loss: number;
  readonly bestEpoch: number;
}

/** Trains `input` with `rate` on one fold. A loss that is no number makes a trial of accuracy 0. Throws as `train`. */
export async function* runTrial(
  input: TrainInput,
  { rate, fold, index, ...changed }: { rate: number; fold: Fold; index: number } & Partial<TrainSettings>,
): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent, Trial> {
  const { metric = "accuracy" } = input.settings ?? {};
  const settings = { ...input.settings, ...changed, learningRate: rate, timeSteps: false };
  const training = trainWith(allParts, { ...input, train: fold.train, val: fold.held, settings });
  let best = { accuracy: 0, loss: Number.POSITIVE_INFINITY, epoch: 0 };
  try {
    for (;;) {
      const { done, value } = await training.next();
      if (done) break;
      if (value.type === "skipped" || value.type === "warning" || value.type === "features") yield value;
      if (value.type !== "epoch") continue;
      const { valAccuracy: accuracy, valLoss: loss, epoch } = value;
      if (epoch === 1 || isBetter({ accuracy, loss }, best, metric)) best = { accuracy, loss, epoch };
    }
  } catch (error) {
    if (!(error instanceof TlxError && error.code === "E_DIVERGED")) throw error;
    best = { accuracy: 0, loss: Number.POSITIVE_INFINITY, epoch: 0 };
  } finally {
    await training.return(undefined as never);
  }
  input.signal?.throwIfAborted();
  const { accuracy, loss, epoch } = best;
  return { rate, fold: index, pictures: fold.held.length, accuracy, loss, bestEpoch: epoch };
}
