/**
 * How well a linear classifier on frozen features does on pictures it was not trained on, by stratified cross-validation.
 *
 *   accuracy   share of rows named right by the model of the folds that the row is not in
 *   error      the larger of the binomial standard error and Nadeau and Bengio's corrected one over folds
 *   penalty    that with the lowest loss on the rows left out, one of a few for all folds, so that it flatters accuracy little
 *
 * Throws   E_DATA for fewer than two classes, or a class of fewer than two rows
 * Source   Alain and Bengio 2016 (linear probes); Kornblith et al. 2019 (their accuracy follows that of transfer)
 */
import { check } from "@tlx/kernels";
import { type Interval, wilsonInterval } from "../metrics/wilson-interval.js";
import { checkFeatures, type LabelledFeatures, rowsByClass } from "./feature-matrix.js";
import { fitLogistic, predictLogistic } from "./logistic.js";
import { type ReducedFeatures, reduceFeatures } from "./reduce-features.js";
import { correctedError, errorOfShare } from "./standard-error.js";
import { stratifiedFolds } from "./stratified.js";

export interface ProbeOptions {
  /** Default 5, or as many as the smallest class has rows. */
  readonly folds?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Weights' penalties to choose from, the largest first. */
  readonly penalties?: readonly number[];
}

export interface ProbeResult {
  readonly accuracy: number;
  /** Mean over classes of the share of their rows that was named right. */
  readonly balancedAccuracy: number;
  /** Mean negative log likelihood of rows left out. */
  readonly loss: number;
  readonly standardError: number;
  /** Wilson's, 95 %. */
  readonly interval: Interval;
  readonly penalty: number;
  readonly foldAccuracies: readonly number[];
  /** Fold of each row. */
  readonly foldOf: Uint32Array;
  /** Of each row, by the model that has not seen it: rows x classes. */
  readonly probabilities: Float64Array;
  readonly predicted: Uint32Array;
}

export const defaultPenalties: readonly number[] = [1e-2, 1e-3, 1e-4];

/** Probabilities for every row by models that have not seen it, for the suspects of a data set too. */
export function probeLinearly(features: LabelledFeatures, options: ProbeOptions = {}): ProbeResult {
  checkFeatures(features);
  return probeReduced(features, reduceFeatures(features), options);
}

/** The same where the features were reduced already. */
export function probeReduced(
  { labels, classes }: Pick<LabelledFeatures, "labels" | "classes">,
  reduced: ReducedFeatures,
  options: ProbeOptions = {},
): ProbeResult {
  const { seed = 1, penalties = defaultPenalties } = options;
  const folds = countFolds(labels, classes, options.folds ?? 5);
  const foldOf = stratifiedFolds(labels, classes, folds, seed);
  const rows = labels.length;
  const found = penalties.map(() => new Float64Array(rows * classes));
  for (let fold = 0; fold < folds; fold++) {
    const learnt = [...foldOf.keys()].filter((row) => foldOf[row] !== fold);
    let start: Float64Array | undefined;
    penalties.forEach((penalty, at) => {
      const weights = fitLogistic({ ...reduced, labels, classes, rows: learnt, penalty, ...(start && { start }) });
      start = weights;
      for (let row = 0; row < rows; row++) {
        if (foldOf[row] !== fold) continue;
        predictLogistic(weights, { ...reduced, classes }, row, found[at]!.subarray(row * classes, (row + 1) * classes));
      }
    });
  }
  const losses = found.map((probabilities) => lossOf(probabilities, labels, classes));
  const best = losses.indexOf(Math.min(...losses));
  return summarize({
    labels,
    classes,
    folds,
    foldOf,
    probabilities: found[best]!,
    penalty: penalties[best]!,
    loss: losses[best]!,
  });
}

/** As many folds as the smallest class allows. */
export function countFolds(labels: ArrayLike<number>, classes: number, wanted: number): number {
  check(classes >= 2, "E_DATA", () => `evidence: expected two or more classes, found ${classes}`);
  const least = Math.min(...rowsByClass(labels, classes).map((rows) => rows.length));
  check(
    least >= 2,
    "E_DATA",
    () =>
      `evidence: expected two or more pictures of every class to measure by leaving some out, found a class with ${least}; add pictures`,
  );
  return Math.max(2, Math.min(wanted, least));
}

export function lossOf(probabilities: Float64Array, labels: ArrayLike<number>, classes: number): number {
  let loss = 0;
  for (let row = 0; row < labels.length; row++)
    loss -= Math.log(Math.max(probabilities[row * classes + labels[row]!]!, 1e-12));
  return loss / labels.length;
}

export function largestAt(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) if (values[from + c]! > values[from + best]!) best = c;
  return best;
}

type Summary = Pick<ProbeResult, "foldOf" | "probabilities" | "penalty" | "loss"> &
  Pick<LabelledFeatures, "labels" | "classes"> & { readonly folds: number };

function summarize({ labels, classes, folds, foldOf, probabilities, penalty, loss }: Summary): ProbeResult {
  const rows = labels.length;
  const predicted = Uint32Array.from({ length: rows }, (_, row) => largestAt(probabilities, row * classes, classes));
  const isRight = (row: number): number => (predicted[row] === labels[row] ? 1 : 0);
  const shareOf = (places: readonly number[]): number => places.reduce((n, row) => n + isRight(row), 0) / places.length;
  const all = [...foldOf.keys()];
  const accuracy = shareOf(all);
  const foldAccuracies = Array.from({ length: folds }, (_, fold) => shareOf(all.filter((row) => foldOf[row] === fold)));
  const byClass = rowsByClass(labels, classes).map(shareOf);
  return {
    accuracy,
    balancedAccuracy: byClass.reduce((a, b) => a + b, 0) / classes,
    ...{ loss, penalty, foldAccuracies, foldOf, probabilities, predicted },
    standardError: Math.max(errorOfShare(accuracy, rows), correctedError(foldAccuracies, 1 / (folds - 1))),
    interval: wilsonInterval(Math.round(accuracy * rows), rows)!,
  };
}
