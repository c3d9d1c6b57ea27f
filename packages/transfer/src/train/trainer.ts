/**
 * Feature extraction: the frozen base runs once per picture, then a new head is trained on its features.
 *
 * The trainer is an async generator of events and prints nothing. Same adapter, driver, version, seed and kernel choices
 * give the same bits: sums have a fixed order, sample order comes from the seed, and pictures keep their order.
 */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { LoadedBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";
import { isBetter } from "./best-epoch.js";
import { weighClasses } from "./class-weights.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import type { StoppedEvent, TrainEvent } from "./events.js";
import { extractFeatures, type OpenFeatures, openExtraction, type PictureSource } from "./extract-features.js";
import { compileHead, type HeadPrograms } from "./head-programs.js";
import { describePlan, planTraining } from "./plan-training.js";
import { completeSettings, type TrainSettings } from "./settings.js";
import { trainEpoch } from "./train-epoch.js";

export interface TrainInput {
  readonly gpu: Gpu;
  readonly model: Model;
  /** Weights of the model; a classifier in it is passed over. */
  readonly checkpoint: Checkpoint;
  /** Names of two or more classes; `label` of a sample is an index into them. */
  readonly classes: readonly string[];
  /** At least one readable sample of every class. */
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  readonly pictures: PictureSource;
  /** Where features are kept between runs. Default: nowhere, they live in memory. */
  readonly openFeatures?: OpenFeatures;
  readonly settings?: Partial<TrainSettings>;
  /** Ends training after the step that is being worked on, with the best epoch so far; throws its reason if there is none. */
  readonly signal?: AbortSignal;
}

/** A trained classifier: what the epoch left behind that did best on the validation samples. */
export interface TrainResult {
  readonly model: Model;
  /** Names of the classes in the order of the logits. */
  readonly classes: readonly string[];
  /** As they were used, defaults included. */
  readonly settings: TrainSettings;
  /** All weights of the new network: the frozen base as loaded, and the trained head. */
  readonly weights: Weights;
  readonly backbone: LoadedBackbone;
  /** The epoch, from 1, whose head `weights` holds, chosen by `settings.metric`. */
  readonly bestEpoch: number;
  /** Epochs that were trained to their end. */
  readonly epochs: number;
  /** On the validation samples, after the best epoch. These samples chose it, so others may do a little worse. */
  readonly val: Evaluation;
  /** The validation samples that could be read, in the order of `val.predicted`. */
  readonly valSamples: readonly Sample[];
  /** Share of the training samples named right after the best epoch. */
  readonly trainAccuracy: number;
  /** Whether `signal` ended it. */
  readonly interrupted: boolean;
}

/**
 * Trains a new head for `classes`. Leaving the iteration early frees everything on the GPU.
 *
 * Throws   E_USAGE for settings or labels that cannot be used, E_DIVERGED for a loss that is no number, E_DATA for too few readable
 *          pictures, E_WEIGHTS for a checkpoint of another network, E_DEVICE when the device is lost, the reason of `signal`
 *          when it comes before the end of the first epoch
 */
export async function* train(input: TrainInput): AsyncGenerator<TrainEvent, TrainResult> {
  const { gpu, model, checkpoint, classes, pictures, signal } = input;
  checkSamples(input);
  const wanted = completeSettings(input.settings);
  const settings = { ...wanted, batch: Math.min(wanted.batch, input.train.length) };
  const plan = planTraining(model, checkpoint, classes.length, settings);
  yield { type: "plan", ...describePlan(plan) };
  const { backbone, base, output, tail, trainable, head } = plan;
  const { preprocess } = model;
  const { openFeatures } = input;
  const extraction = await openExtraction({
    ...{ gpu, base, output, preprocess, pictures, openFeatures, signal },
    batch: settings.extractBatch,
  });
  let programs: HeadPrograms | undefined;
  try {
    programs = await compileHead(gpu, tail, head, trainable, settings);
    const trainSet = yield* extractFeatures(extraction, "train", input.train);
    checkEveryClass(classes, trainSet.samples);
    const valSet = yield* extractFeatures(extraction, "val", input.val);
    extraction.base.dispose();

    const classWeights = weighClasses(trainSet.table.labels, classes.length, settings.classWeights);
    const { train: program, evaluate: evaluation, params } = programs;
    const pass = { program, frontier: output, table: trainSet.table, settings, classWeights, signal };
    let best: EpochResult | undefined;
    let stopped: StoppedEvent["reason"] | undefined;
    let epoch = 0;
    while (epoch < settings.epochs && !stopped) {
      const start = performance.now();
      const { loss, learningRate } = await trainEpoch(pass, epoch + 1);
      if (signal?.aborted) {
        if (!best) signal.throwIfAborted();
        stopped = "interrupted";
        break;
      }
      epoch++;
      const { accuracy: trainAccuracy } = await evaluate(evaluation, output, trainSet.table, settings.batch);
      const val = await evaluate(evaluation, output, valSet.table, settings.batch);
      checkLoss(loss + val.loss, epoch, settings);
      const trained = await params.read([...trainable]);
      const improved = !best || isBetter(val, best.val, settings.metric);
      if (!best || improved) best = { epoch, head: trained, trainAccuracy, val };
      yield {
        type: "epoch",
        epoch,
        epochs: settings.epochs,
        learningRate,
        loss,
        trainAccuracy,
        valLoss: val.loss,
        valAccuracy: val.accuracy,
        best: improved,
        ms: performance.now() - start,
      };
      yield { type: "checkpoint", epoch, best: improved, head: trained };
      if (settings.patience > 0 && epoch - best.epoch >= settings.patience) stopped = "patience";
    }
    const { epoch: bestEpoch, head: bestHead, trainAccuracy, val } = best as EpochResult;
    if (stopped) yield { type: "stopped", reason: stopped, epoch };
    yield { type: "done", epochs: epoch, bestEpoch, valAccuracy: val.accuracy, valLoss: val.loss };
    return {
      model,
      classes,
      settings,
      weights: new Map([...backbone.weights, ...bestHead]),
      backbone,
      bestEpoch,
      epochs: epoch,
      val,
      valSamples: valSet.samples,
      trainAccuracy,
      interrupted: stopped === "interrupted",
    };
  } finally {
    programs?.dispose();
    await extraction.close();
  }
}

interface EpochResult extends Pick<TrainResult, "trainAccuracy" | "val"> {
  readonly epoch: number;
  readonly head: Weights;
}

function checkSamples({ classes, train, val }: TrainInput): void {
  check(
    classes.length >= 2,
    "E_DATA",
    () => `train: expected two or more classes, found ${classes.length}; add pictures of another class`,
  );
  for (const [split, samples] of Object.entries({ train, val })) {
    check(samples.length > 0, "E_DATA", () => `train: expected samples for ${split}, found none; add pictures`);
    const odd = samples.find(({ label }) => !Number.isInteger(label) || label < 0 || label >= classes.length);
    check(
      odd === undefined,
      "E_USAGE",
      () =>
        `train: expected labels from 0 to ${classes.length - 1}, an index into the classes, found ${odd!.label} for "${odd!.file}" of ${split}`,
    );
  }
}

function checkEveryClass(classes: readonly string[], samples: readonly Sample[]): void {
  const seen = new Set(samples.map((s) => s.label));
  const missing = classes.find((_, label) => !seen.has(label));
  check(
    missing === undefined,
    "E_DATA",
    () => `train: expected a readable training picture of every class, found none of "${missing}"; add some`,
  );
}

function checkLoss(loss: number, epoch: number, { learningRate }: TrainSettings): void {
  if (Number.isFinite(loss)) return;
  throw new TlxError(
    "E_DIVERGED",
    `train: expected a number as loss, found ${loss} in epoch ${epoch}; try a smaller learning rate than ${learningRate}`,
  );
}
