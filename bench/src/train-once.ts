/** One run of the trainer with its times: the whole job up to the last features, and the training. */
import type { Gpu } from "@tlx/kernels";
import {
  type Checkpoint,
  type Dataset,
  findModel,
  type Model,
  measureTraining,
  type OpenFeatures,
  type TrainSettings,
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
  const { classes, train, val } = data;
  const { measured } = await measureTraining({ ...input, model, classes, train, val, pictures: decodeAll });
  const { accuracy, bestEpoch, epochs, prepareSeconds, seconds, features } = measured;
  return {
    featuresMs: 1000 * prepareSeconds,
    headMs: 1000 * (seconds - prepareSeconds),
    lastAccuracy: epochs.at(-1)!.valAccuracy,
    ...{ accuracy, bestEpoch, epochs: epochs.length, computed: features.computed },
  };
}
