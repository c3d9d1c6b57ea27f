/** The tables of a run, as CSV. */
import type { Sample } from "../data/dataset.js";
import { classScores } from "../metrics/class-scores.js";
import type { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import type { EpochEvent } from "../train/events.js";
import { formatCsv } from "./csv.js";

/** Names of the columns of metrics.csv, in their order. */
const metricColumns = [
  "epoch",
  "learningRate",
  "loss",
  "trainAccuracy",
  "valLoss",
  "valAccuracy",
  "best",
  "ms",
] as const satisfies readonly (keyof EpochEvent)[];

export const metricsHeader: string = formatCsv([metricColumns]);

/** One line of metrics.csv. */
export const metricsCsv = (event: EpochEvent): string => formatCsv([metricColumns.map((name) => Number(event[name]))]);

/** One line of metrics.jsonl. */
export const metricsJson = (event: EpochEvent): string =>
  `${JSON.stringify(Object.fromEntries(metricColumns.map((name) => [name, event[name]])))}\n`;

/** A row per class, a column per prediction. */
export const confusionCsv = (classes: readonly string[], matrix: ConfusionMatrix): string =>
  formatCsv([["class", ...classes], ...matrix.map((row, c) => [classes[c], ...row])]);

export const classesCsv = (classes: readonly string[], matrix: ConfusionMatrix): string =>
  formatCsv([
    ["class", "precision", "recall", "f1", "support"],
    ...classScores(matrix).map((s, c) => [classes[c], s.precision, s.recall, s.f1, s.support]),
  ]);

/** What was said about each of some samples. */
export interface Predictions {
  readonly samples: readonly Sample[];
  /** Class named for each of them. */
  readonly predicted: ArrayLike<number>;
  /** Probability of that class. */
  readonly confidence: ArrayLike<number>;
}

export const predictionsCsv = (classes: readonly string[], { samples, predicted, confidence }: Predictions): string =>
  formatCsv([
    ["file", "class", "predicted", "probability"],
    ...samples.map(({ file, label }, i) => [file, classes[label], classes[predicted[i]!], confidence[i]]),
  ]);

export const skippedCsv = (skipped: readonly { readonly file: string; readonly reason: string }[]): string =>
  formatCsv([["file", "reason"], ...skipped.map(({ file, reason }) => [file, reason])]);
