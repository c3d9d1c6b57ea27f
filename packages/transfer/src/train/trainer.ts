/**
 * Feature extraction: the frozen base runs once per picture, then a new head is trained on its features.
 *
 * The trainer is an async generator of events and prints nothing. Same adapter, driver, version, seed and kernel choices
 * give the same bits: sums have a fixed order, sample order comes from the seed, and pictures keep their order.
 */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import { partition, type Weights, weightsOf, zeros } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import { buildTransferGraph } from "../models/instantiate.js";
import { type LoadedBackbone, loadBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import type { TrainEvent } from "./events.js";
import { extractFeatures, type PictureSource } from "./extract-features.js";
import { compileHead } from "./head-programs.js";
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
  readonly settings?: Partial<TrainSettings>;
  /** Ends training with its reason after the picture or epoch that is being worked on. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** As they were used, defaults included. */
  readonly settings: TrainSettings;
  /** All weights of the new network: the frozen base as loaded, and the trained head. */
  readonly weights: Weights;
  readonly backbone: LoadedBackbone;
  /** On the validation samples, after the last epoch. */
  readonly val: Evaluation;
  /** The validation samples that could be read, in the order of `val.predicted`. */
  readonly valSamples: readonly Sample[];
  /** Share of the training samples named right after the last epoch. */
  readonly trainAccuracy: number;
}

/**
 * Trains a new head for `classes`. Leaving the iteration early frees everything on the GPU.
 *
 * Throws   E_USAGE for settings or labels that cannot be used, E_DIVERGED for a loss that is no number, E_DATA for too few readable
 *          pictures, E_WEIGHTS for a checkpoint of another network, E_DEVICE when the device is lost, the reason of `signal`
 */
export async function* train(input: TrainInput): AsyncGenerator<TrainEvent, TrainResult> {
  const { gpu, model, checkpoint, classes, pictures, signal } = input;
  const settings = completeSettings(input.settings);
  checkSamples(input);
  const backbone = loadBackbone(model, checkpoint);
  const graph = buildTransferGraph(model, { batch: settings.batch, form: backbone.form, classes: classes.length });
  const trainable = new Set([`${model.headPath}.weight`, `${model.headPath}.bias`]);
  const { prefix, tail, frontier } = partition(graph, trainable);
  const output = frontier[0] as string; // a head on pooled features reads one value
  const featureWidth = prefix.outputs.get(output)!.spec.shape[1] as number;
  yield { type: "plan", trained: [...trainable], frozen: backbone.weights.size, featureWidth };

  const base = { graph: prefix, weights: weightsOf(prefix, backbone.weights) };
  const { preprocess } = model;
  const extraction = { gpu, base, output, preprocess, pictures, batch: settings.extractBatch, signal };
  // Softmax regression is convex: it starts at zeros, since a random start would only add noise to the result.
  const head = new Map([...trainable].map((path) => [path, zeros(tail.params.get(path)!.spec)]));
  const programs = await compileHead(gpu, tail, head, trainable);
  try {
    const trainSet = yield* extractFeatures(extraction, "train", input.train);
    checkEveryClass(classes, trainSet.samples);
    const valSet = yield* extractFeatures(extraction, "val", input.val);

    let trained: EpochResult | undefined;
    for (let epoch = 1; epoch <= settings.epochs; epoch++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const loss = await trainEpoch(programs.train, output, trainSet.table, settings, epoch);
      const { accuracy: trainAccuracy } = await evaluate(programs.evaluate, output, trainSet.table, settings.batch);
      const val = await evaluate(programs.evaluate, output, valSet.table, settings.batch);
      checkLoss(loss, epoch, settings);
      checkLoss(val.loss, epoch, settings); // the last step may have diverged after its loss was taken
      trained = { trainAccuracy, val };
      yield {
        type: "epoch",
        epoch,
        epochs: settings.epochs,
        loss,
        trainAccuracy,
        valLoss: val.loss,
        valAccuracy: val.accuracy,
        ms: performance.now() - start,
      };
    }
    const weights = new Map([...backbone.weights, ...(await programs.params.read([...trainable]))]);
    return { settings, weights, backbone, valSamples: valSet.samples, ...(trained as EpochResult) };
  } finally {
    programs.dispose();
  }
}

type EpochResult = Pick<TrainResult, "trainAccuracy" | "val">;

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
