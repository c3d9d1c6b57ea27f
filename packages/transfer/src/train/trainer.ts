/**
 * Feature extraction: the frozen base runs once per picture, then a new head is trained on its features.
 *
 * The trainer is an async generator of events and prints nothing. Same adapter, driver, version, seed and kernel choices
 * give the same bits: sums have a fixed order, sample order comes from the seed, and pictures keep their order.
 */
import { type Gpu, type HostTensor, TlxError } from "@tlx/kernels";
import { adamwHyper, HYPER, type Network, type Partition, partition, type Weights, weightsOf, zeros } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import { buildTransferGraph } from "../models/instantiate.js";
import { type LoadedBackbone, loadBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";
import { batchesOf, epochOrder } from "./batches.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import { compileForPictures, type Decoded, runPictures } from "./extract-features.js";
import { type FeatureTable, FeatureTableBuilder } from "./feature-table.js";
import { compileHead } from "./head-programs.js";

/** Every choice of a run. `defaultTrainSettings` documents the defaults. */
export interface TrainSettings {
  /** Passes over the training samples. */
  readonly epochs: number;
  /** Samples per step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
  /** Pictures per pass of the frozen base. */
  readonly extractBatch: number;
}

export const defaultTrainSettings: TrainSettings = {
  epochs: 30,
  batch: 32,
  learningRate: 1e-3,
  weightDecay: 1e-2,
  seed: 1,
  extractBatch: 8,
};

/** Decodes pictures in the order of the samples. */
export type PictureSource = (samples: readonly Sample[]) => AsyncIterable<Decoded<Sample>>;

export interface TrainInput {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly checkpoint: Checkpoint;
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  readonly pictures: PictureSource;
  readonly settings?: Partial<TrainSettings>;
  readonly signal?: AbortSignal;
}

export type TrainEvent =
  | {
      readonly type: "plan";
      readonly trained: readonly string[];
      readonly frozen: number;
      readonly featureWidth: number;
    }
  | { readonly type: "skipped"; readonly file: string; readonly reason: string }
  | { readonly type: "features"; readonly split: "train" | "val"; readonly done: number; readonly total: number }
  | {
      readonly type: "epoch";
      readonly epoch: number;
      readonly epochs: number;
      /** Mean loss over the epoch's steps, while the head changed. */
      readonly loss: number;
      readonly trainAccuracy: number;
      readonly valLoss: number;
      readonly valAccuracy: number;
      readonly ms: number;
    };

export interface TrainResult {
  readonly settings: TrainSettings;
  /** All weights of the new network: the frozen base as loaded, and the trained head. */
  readonly weights: Weights;
  readonly backbone: LoadedBackbone;
  readonly val: Evaluation;
  readonly valSamples: readonly Sample[];
  readonly trainAccuracy: number;
}

/** The share of unreadable pictures above which a run is stopped. */
const MAX_UNREADABLE = 0.1;

export async function* train(input: TrainInput): AsyncGenerator<TrainEvent, TrainResult> {
  const { gpu, model, classes, signal } = input;
  const settings: TrainSettings = { ...defaultTrainSettings, ...input.settings };
  const backbone = loadBackbone(model, input.checkpoint);
  const graph = buildTransferGraph(model, { batch: settings.batch, form: backbone.form, classes: classes.length });
  const trainable = new Set([`${model.headPath}.weight`, `${model.headPath}.bias`]);
  const parts = partition(graph, trainable);
  const [frontier] = parts.frontier as [string];
  const featureWidth = parts.tail.inputs.get(frontier)!.spec.shape[1] as number;
  yield { type: "plan", trained: [...trainable], frozen: backbone.weights.size, featureWidth };

  const prefix: Network = { graph: parts.prefix, weights: weightsOf(parts.prefix, backbone.weights) };
  const extract = (split: "train" | "val", samples: readonly Sample[]): ReturnType<typeof extractSplit> =>
    extractSplit(input, prefix, frontier, featureWidth, settings.extractBatch, split, samples);
  const trainTable = yield* extract("train", input.train);
  const valTable = yield* extract("val", input.val);

  const head = initialHead(parts, trainable);
  const programs = await compileHead(gpu, parts.tail, head, trainable, settings.batch);
  try {
    let step = 0;
    let val: Evaluation | undefined;
    let trainAccuracy = 0;
    for (let epoch = 1; epoch <= settings.epochs; epoch++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const losses: { value: Promise<HostTensor>; count: number }[] = [];
      for (const batch of batchesOf(
        trainTable.table,
        epochOrder(trainTable.table.labels.length, settings.seed, epoch),
        settings.batch,
      )) {
        programs.train.write(frontier, batch.features);
        programs.train.write("labels", batch.labels);
        programs.train.write("weights", batch.weights);
        programs.train.write(HYPER, adamwHyper(++step, settings));
        programs.train.run();
        losses.push({ value: programs.train.read("loss"), count: batch.count });
      }
      const loss = await meanLoss(losses);
      if (!Number.isFinite(loss)) {
        throw new TlxError(
          "E_DATA",
          `train: the loss of epoch ${epoch} is ${loss}; try a smaller learning rate than ${settings.learningRate}`,
        );
      }
      trainAccuracy = (await evaluate(programs.evaluate, frontier, trainTable.table, settings.batch)).accuracy;
      val = await evaluate(programs.evaluate, frontier, valTable.table, settings.batch);
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
    if (!val) throw new TlxError("E_USAGE", `train: epochs must be at least 1, found ${settings.epochs}`);
    const trained = await programs.params.read([...trainable]);
    const weights = new Map([...backbone.weights, ...trained]);
    return { settings, weights, backbone, val, valSamples: valTable.samples, trainAccuracy };
  } finally {
    programs.dispose();
  }
}

async function* extractSplit(
  { gpu, model, pictures, signal }: TrainInput,
  prefix: Network,
  frontier: string,
  width: number,
  batch: number,
  split: "train" | "val",
  samples: readonly Sample[],
): AsyncGenerator<TrainEvent, { table: FeatureTable; samples: readonly Sample[] }> {
  const program = await compileForPictures(gpu, prefix, model.preprocess, frontier, Math.min(batch, samples.length));
  try {
    const builder = new FeatureTableBuilder(width, samples.length);
    const kept: Sample[] = [];
    let done = 0;
    for await (const result of runPictures(program, pictures(samples))) {
      signal?.throwIfAborted();
      done++;
      if ("error" in result) {
        yield { type: "skipped", file: result.item.file, reason: result.error.message };
      } else {
        builder.add(result.item.label, result.row);
        kept.push(result.item);
      }
      yield { type: "features", split, done, total: samples.length };
    }
    const unreadable = samples.length - kept.length;
    if (unreadable > MAX_UNREADABLE * samples.length || kept.length === 0) {
      throw new TlxError(
        "E_DATA",
        `train: ${unreadable} of the ${samples.length} pictures for ${split} cannot be read (at most ${100 * MAX_UNREADABLE} % may fail); repair or remove them`,
      );
    }
    return { table: builder.finish(), samples: kept };
  } finally {
    program.dispose();
  }
}

/** Zeros: softmax regression is convex, so a random start would only add noise to the result. */
function initialHead(parts: Partition, trainable: ReadonlySet<string>): Weights {
  return new Map([...trainable].map((path) => [path, zeros(parts.tail.params.get(path)!.spec)]));
}

async function meanLoss(losses: readonly { value: Promise<HostTensor>; count: number }[]): Promise<number> {
  const values = await Promise.all(losses.map((l) => l.value));
  const total = losses.reduce((sum, l) => sum + l.count, 0);
  return values.reduce((sum, v, i) => sum + (v.data[0] as number) * losses[i]!.count, 0) / total;
}
