/**
 * What a temperature does for the probabilities of pictures that it was not fitted on: they are halved ten times, and a picture
 * gets the geometric mean of the temperatures of the ten halves that it is not in. That of all of them is the one to keep.
 *
 * Method   halves have as many pictures of every class, and as many that are named right of these, to within one: with few
 *          pictures the temperature is that of the few mistakes, and where they fell would decide
 */
import { shuffled } from "../data/dataset.js";
import { fitTemperature } from "./fit-temperature.js";
import { brierScore, logLoss } from "./proper-scores.js";
import {
  equalCountBins,
  expectedCalibrationError,
  maximumCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from "./reliability.js";
import { softmaxOf } from "./softmax.js";

/** How honest probabilities are; docs/calibration.md. */
export interface CalibrationErrors {
  /** Of 15 bins of equal width. */
  readonly ece: number;
  /** Of 15 bins of equal count. */
  readonly adaptiveEce: number;
  readonly mce: number;
  readonly brier: number;
  /** In nats. */
  readonly logLoss: number;
}

export interface CalibrationMeasure {
  /** Fitted on all pictures; undefined where they cannot tell, since all, or as good as none, are named right. */
  readonly temperature: number | undefined;
  readonly pictures: number;
  readonly before: CalibrationErrors & { readonly bins: readonly ReliabilityBin[] };
  /** Each picture with a temperature that it had no part in. */
  readonly after: CalibrationErrors & { readonly bins: readonly ReliabilityBin[] };
}

/** `rows` hold a probability of every class per picture. */
export function calibrationErrors(
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
): CalibrationMeasure["before"] {
  const bins = reliabilityBins(rows, labels);
  return {
    ece: expectedCalibrationError(bins),
    adaptiveEce: expectedCalibrationError(equalCountBins(rows, labels)),
    mce: maximumCalibrationError(bins),
    brier: brierScore(rows, labels),
    logLoss: logLoss(rows, labels),
    bins,
  };
}

/** For every picture the half it is in: pictures of one kind are dealt out in an order by `seed`, the next kind going on in turns. */
export function dealHalves(kinds: ArrayLike<number>, seed: number): Uint8Array {
  const byKind = new Map<number, number[]>();
  for (let i = 0; i < kinds.length; i++) byKind.set(kinds[i]!, [...(byKind.get(kinds[i]!) ?? []), i]);
  const halves = new Uint8Array(kinds.length);
  const ordered = [...byKind].sort(([a], [b]) => a - b).flatMap(([, members]) => shuffled(members, seed));
  for (const [turn, i] of ordered.entries()) halves[i] = turn % 2;
  return halves;
}

const isRight = (row: ArrayLike<number>, label: number): boolean =>
  Array.from(row).every((z, c) => (c < label ? z < row[label]! : z <= row[label]!));

const TIMES = 10;

/** For every picture a temperature that it had no part in; 1 where the others cannot tell one. */
export function heldOutTemperatures(
  logits: readonly ArrayLike<number>[],
  labels: readonly number[],
  seed: number,
): Float64Array {
  const kinds = labels.map((label, i) => 2 * label + (isRight(logits[i]!, label) ? 1 : 0));
  const logs = new Float64Array(labels.length);
  for (let time = 0; time < TIMES; time++) {
    const halves = dealHalves(kinds, TIMES * seed + time);
    for (const half of [0, 1]) {
      const [own, others] = [half, 1 - half].map((h) => [...labels.keys()].filter((i) => halves[i] === h));
      const temperature = fitTemperature(
        others!.map((i) => logits[i]!),
        others!.map((i) => labels[i]!),
      );
      for (const i of own!) logs[i]! += Math.log(temperature ?? 1) / TIMES;
    }
  }
  return logs.map(Math.exp);
}

/**
 * `logits` hold a number of every class per picture, of pictures that the model was not trained on.
 * Throws E_USAGE for labels that do not fit them.
 */
export function measureCalibration(
  logits: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  seed = 1,
): CalibrationMeasure {
  const all = Array.from(labels);
  const temperatures = heldOutTemperatures(logits, all, seed);
  const scaled = logits.map((row, i) => softmaxOf(row, temperatures[i]));
  return {
    temperature: fitTemperature(logits, all),
    pictures: logits.length,
    before: calibrationErrors(
      logits.map((row) => softmaxOf(row)),
      all,
    ),
    after: calibrationErrors(scaled, all),
  };
}
