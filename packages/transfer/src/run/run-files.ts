/** What the files of a run hold, wherever they are kept. */
import type { Gpu } from "@tlx/kernels";
import { confusionMatrix } from "../metrics/confusion-matrix.js";
import { buildTransferGraph } from "../models/instantiate.js";
import { sha256 } from "../sha256.js";
import type { CheckpointEvent } from "../train/events.js";
import type { TrainResult } from "../train/trainer.js";
import type { TunedRecord } from "../tune/tuned-kernels.js";
import { exportTensors } from "../weights/join.js";
import { writeSafetensors } from "../weights/write-safetensors.js";
import { makeGolden } from "./golden.js";
import type { ModelDescription } from "./model-file.js";
import { classesCsv, confusionCsv, metricsHeader, predictionsCsv, skippedCsv } from "./tables.js";

export const CONFIG = "config.json";

/** Kernel choices of a run. */
export const KERNELS = "kernels.json";

/** A line for every epoch. */
export const METRICS = "metrics.csv";
export const METRIC_LINES = "metrics.jsonl";

/** From where an unfinished training goes on. */
export const STATE = "checkpoints/state.safetensors";

/** Proof that nothing frozen moved. */
export const CERTIFICATE = "freeze-certificate.json";

/** Comes last of all: a run that has it is finished. */
export const DESCRIPTION = "model/model.json";

/** What a run may have in its folder, a lock aside. */
export const runEntries: readonly string[] = [
  ...[CONFIG, KERNELS, METRICS, METRIC_LINES, "checkpoints", "model"],
  ...["confusion.csv", "classes.csv", "predictions.csv", "skipped.csv", CERTIFICATE],
];

/** A file or folder that was left out, and why. */
export interface Skipped {
  readonly file: string;
  readonly reason: string;
}

export interface RunStart {
  /** Everything needed to repeat the run. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What was left out before training. */
  readonly skipped?: readonly Skipped[];
  /** The kernels that it is trained with, where they are not the defaults. */
  readonly kernels?: TunedRecord;
}

/** What is written of a training that is done. */
export type FinishedTraining = Omit<TrainResult, "gpu">;

type Files = ReadonlyMap<string, Uint8Array | string>;

export const jsonFile = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** At the start. */
export function startFiles({ config, kernels }: Pick<RunStart, "config" | "kernels">): ReadonlyMap<string, string> {
  const files = new Map([
    [CONFIG, jsonFile(config)],
    [METRICS, metricsHeader],
    [METRIC_LINES, ""],
  ]);
  if (kernels) files.set(KERNELS, `${JSON.stringify(kernels, null, 1)}\n`);
  return files;
}

/** After an epoch: the best one's comes first. */
export function checkpointFiles({ weights, epoch, best }: CheckpointEvent): Files {
  const bytes = writeSafetensors(exportTensors(weights), new Map([["epoch", String(epoch)]]));
  const names = best ? ["best", "last"] : ["last"];
  return new Map(names.map((name) => [`checkpoints/${name}.safetensors`, bytes]));
}

/** At the end, before the model. */
export function tableFiles(
  { classes, val, valSamples: samples, certificate }: FinishedTraining,
  skipped: readonly Skipped[],
): Files {
  const { predicted, confidence } = val;
  const labels = samples.map((s) => s.label);
  const matrix = confusionMatrix(labels, predicted, classes.length);
  return new Map([
    ["confusion.csv", confusionCsv(classes, matrix)],
    ["classes.csv", classesCsv(classes, matrix)],
    ["predictions.csv", predictionsCsv(classes, { samples, predicted, confidence })],
    ["skipped.csv", skippedCsv(skipped)],
    [CERTIFICATE, jsonFile(certificate)],
  ]);
}

/**
 * The folder model/: model.safetensors with the tensor names of the pretrained file and, byte for byte, its tensors that were not
 * trained, labels.txt and golden.json for other programs, and last model.json to load it with.
 */
export async function modelFiles(gpu: Gpu, result: FinishedTraining): Promise<Files> {
  const { model, classes, weights, backbone, stored } = result;
  const { hidden } = result.settings;
  const bytes = writeSafetensors(exportTensors(weights, stored), new Map([["architecture", model.name]]));
  const description: ModelDescription = {
    format: "tlx-model",
    version: 1,
    architecture: model.name,
    batchNorm: backbone.form,
    classes,
    hidden,
    preprocess: model.preprocess,
    weightsSha256: await sha256(bytes),
  };
  const graph = buildTransferGraph(model, { batch: 1, form: backbone.form, classes: classes.length, hidden });
  const golden = await makeGolden(gpu, { graph, weights });
  return new Map<string, Uint8Array | string>([
    ["model.safetensors", bytes],
    // A line is a label there: only model.json can tell a name that holds a line end.
    ["labels.txt", classes.map((name) => `${name.replace(/[\r\n]/g, " ")}\n`).join("")],
    ["golden.json", jsonFile(golden)],
    ["model.json", jsonFile(description)],
  ]);
}
