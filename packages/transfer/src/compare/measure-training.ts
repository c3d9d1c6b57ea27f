/** One training with all that comparing needs: figures and times of every epoch, and which pictures it named right in the end. */
import type { TrainEvent } from "../train/events.js";
import { train } from "../train/train.js";
import type { TrainInput, TrainResult } from "../train/trainer.js";

export interface MeasuredEpoch {
  /** From 1. */
  readonly epoch: number;
  /** From the beginning of the training to the end of this epoch, what came before the first one included. */
  readonly seconds: number;
  /** Training pictures seen so far, each as often as it was. */
  readonly pictures: number;
  readonly learningRate: number;
  /** Over the steps of the epoch. */
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly valAccuracy: number;
  readonly valLoss: number;
}

export interface MeasuredTraining {
  readonly epochs: readonly MeasuredEpoch[];
  /** The one whose weights are kept, and its figures on val. */
  readonly bestEpoch: number;
  readonly accuracy: number;
  readonly loss: number;
  /** To the features of the last picture, or to the last one looked at: what has to be done before the first step. */
  readonly prepareSeconds: number;
  /** To the end: all epochs, the certificate and the check of what was frozen. */
  readonly seconds: number;
  /** Pictures whose features were known, and those that went through the network for theirs. */
  readonly features: { readonly cached: number; readonly computed: number };
  /** A sign per picture of val, in its order: 1 named right, 0 wrong, - unreadable. */
  readonly marks: string;
}

/** Trains and measures; `watch` sees every event. Throws as `train` does. */
export async function measureTraining(
  input: TrainInput,
  watch: (event: TrainEvent) => void = () => {},
): Promise<{ readonly measured: MeasuredTraining; readonly result: TrainResult }> {
  const start = performance.now();
  const since = (): number => (performance.now() - start) / 1000;
  const events = train(input);
  const epochs: MeasuredEpoch[] = [];
  const features = { cached: 0, computed: 0 };
  const trained = new Set(input.train.map(({ file }) => file));
  const unreadable = new Set<string>();
  let prepareSeconds = 0;
  let skipped = 0;
  for (;;) {
    const { done, value } = await events.next();
    if (done) {
      const { bestEpoch, val } = value;
      const figures = { bestEpoch, accuracy: val.accuracy, loss: val.loss, marks: marksOf(input, value) };
      return { measured: { epochs, ...figures, prepareSeconds, seconds: since(), features }, result: value };
    }
    if (value.type === "skipped") {
      skipped++;
      if (trained.has(value.file)) unreadable.add(value.file);
    } else if (value.type === "features") {
      if (epochs.length === 0) prepareSeconds = since();
      if (value.done === value.total) {
        if (value.kept) {
          features.cached += value.cached;
          features.computed += value.total - value.cached - skipped;
        }
        skipped = 0;
      }
    } else if (value.type === "epoch") {
      const { epoch, learningRate, loss, trainAccuracy, valAccuracy, valLoss } = value;
      const pictures = epoch * (trained.size - unreadable.size);
      epochs.push({
        epoch,
        seconds: since(),
        ...{ pictures, learningRate, loss, trainAccuracy, valAccuracy, valLoss },
      });
    }
    watch(value);
  }
}

function marksOf({ val }: TrainInput, { val: { predicted }, valSamples }: TrainResult): string {
  const right = new Map(valSamples.map(({ file, label }, i) => [file, predicted[i] === label]));
  return val.map(({ file }) => (right.has(file) ? Number(right.get(file)) : "-")).join("");
}
