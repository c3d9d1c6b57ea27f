/** One run of the trainer with its times: the whole job up to the last features, and the training. */
import type { Gpu } from "@tlx/kernels";
import {
  type Checkpoint,
  type Dataset,
  findModel,
  type Model,
  type OpenFeatures,
  type TrainSettings,
  train,
} from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";

export interface TrainOnceInput {
  readonly gpu: Gpu;
  /** Default: MobileNetV2. */
  readonly model?: Model;
  readonly checkpoint: Checkpoint | "none";
  readonly data: Dataset;
  readonly openFeatures: OpenFeatures;
  readonly settings?: Partial<TrainSettings>;
}

export interface TrainedOnce {
  /** From the start to the features of the last picture, programs and their compilation included. */
  readonly featuresMs: number;
  /** From there to the end: all epochs, each with its evaluation on both splits. */
  readonly headMs: number;
  /** On val: of the best epoch and of the last one. */
  readonly accuracy: number;
  readonly lastAccuracy: number;
  readonly bestEpoch: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** Features that were computed and not read. */
  readonly computed: number;
}

/** Trains on `data` with default settings, but for `settings`. */
export async function trainOnce({
  data,
  model = findModel("mobilenet-v2"),
  ...input
}: TrainOnceInput): Promise<TrainedOnce> {
  const { classes, train: samples, val } = data;
  const pictures = decodeAll;
  const start = performance.now();
  const events = train({ ...input, model, classes, train: samples, val, pictures });
  let featuresMs = 0;
  let lastAccuracy = 0;
  let computed = 0;
  let epochs = 0;
  for (;;) {
    const { done, value } = await events.next();
    if (done) {
      const headMs = performance.now() - start - featuresMs;
      return {
        featuresMs,
        headMs,
        accuracy: value.val.accuracy,
        lastAccuracy,
        bestEpoch: value.bestEpoch,
        epochs,
        computed,
      };
    }
    if (value.type === "features") {
      featuresMs = performance.now() - start;
      if (value.done === value.total) computed += value.total - value.cached;
    }
    if (value.type === "epoch") {
      lastAccuracy = value.valAccuracy;
      epochs += 1;
    }
  }
}
