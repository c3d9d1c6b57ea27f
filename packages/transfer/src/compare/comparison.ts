/** Trainings of one data set side by side: a row per way to train, with its figures over the seeds, and all differences of two rows. */
import type { Interval } from "../metrics/wilson-interval.js";
import { accuracyInterval, differenceInterval, type Outcome, type SeededInterval } from "./accuracy-interval.js";
import { confidenceInterval, deviationOf, meanOf } from "./confidence.js";
import type { MeasuredStep } from "./measure-step.js";
import type { MeasuredTraining } from "./measure-training.js";

/** From scratch, with the weights of no earlier training. */
export const SCRATCH = "scratch";

/** A way to train: a network, and what of it learns. */
export interface Way {
  readonly model: string;
  /** "scratch", "head", "last:N" or "all". */
  readonly strategy: string;
}

/** What a training takes of the machine, whatever its seed. */
export interface Cost {
  /** Numbers that learn. */
  readonly learns: number;
  /** Planned on the GPU: weights, intermediate values, what learns with its moments. */
  readonly gpuBytes: number;
  /** Of one step of a batch; null where it could not be measured. */
  readonly step: MeasuredStep | null;
}

/** One training of a comparison, as it is kept. */
export interface ComparedRun extends Way {
  readonly seed: number;
  /** What ended it before its time, in words; then it has no figures. */
  readonly failed?: string;
  readonly measured?: MeasuredTraining;
  /** Most bytes that the process held meanwhile. */
  readonly processBytes?: number;
  /** Processor time of all its threads, a software adapter's too: unlike the time on the wall it does not grow on a busy machine. */
  readonly cpuSeconds?: number;
  /** Of the first seed. */
  readonly cost?: Cost;
}

/** Means over the seeds at the end of an epoch. */
export interface CurvePoint {
  readonly epoch: number;
  /** Training pictures seen. */
  readonly pictures: number;
  /** As if no features had been in the cache. */
  readonly seconds: number;
  readonly valAccuracy: number;
  /** Of the seeds. */
  readonly lowest: number;
  readonly highest: number;
  readonly valLoss: number;
  readonly trainAccuracy: number;
}

/** A mean over seeds; deviation and margin of its 95 % interval are null for a single one. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number | null;
  readonly margin: number | null;
}

export interface ComparedRow extends Way {
  /** Seeds whose trainings came to their end, with what each gave, in the same order. */
  readonly seeds: readonly number[];
  readonly accuracies: readonly number[];
  /** Trainings that did not, with why. */
  readonly failures: readonly { readonly seed: number; readonly reason: string }[];
  /** On val, of the epoch that is kept; null where every training failed, as is all below. */
  readonly accuracy: SeededInterval | null;
  /** Of the last epoch, which nothing chose. */
  readonly lastAccuracy: Spread | null;
  readonly loss: Spread | null;
  readonly bestEpochs: readonly number[];
  readonly time: RowTime | null;
  /** Training pictures seen to the end. */
  readonly pictures: number | null;
  readonly cost: Cost | null;
  readonly processBytes: number | null;
  /** Mean over the seeds. */
  readonly cpuSeconds: number | null;
  readonly curve: readonly CurvePoint[];
}

/** Seconds of one training that finds nothing in the cache. */
export interface RowTime {
  /** Until the first step: features, programs, compilation. */
  readonly prepare: number;
  /** Mean of all epochs with their evaluation. */
  readonly train: number;
  readonly total: number;
  /** All features were in the cache for every seed, so that `prepare` is too small. */
  readonly prepared: boolean;
}

/** How far `a` is above `b`. */
export interface RowDifference extends SeededInterval {
  readonly a: Way;
  readonly b: Way;
}

export interface ComparisonFigures {
  readonly rows: readonly ComparedRow[];
  /** Of every two rows that both have figures. */
  readonly differences: readonly RowDifference[];
}

/** Without what else its object holds. */
export const wayOf = ({ model, strategy }: Way): Way => ({ model, strategy });

export const isSameWay = (a: Way, b: Way): boolean => a.model === b.model && a.strategy === b.strategy;

/** Is 0 outside of it? */
export const isClear = ({ low, high }: Interval): boolean => low > 0 || high < 0;

/**
 * Rows in the order of `ways`. `picturesOf` tells the pictures of val of a seed, in the order of the marks; those of one name are the
 * same picture.
 */
export function compareRuns(
  ways: readonly Way[],
  runs: readonly ComparedRun[],
  picturesOf: (seed: number) => readonly string[],
): ComparisonFigures {
  const outcomes = ways.map((way) =>
    runs.flatMap((run) => (isSameWay(run, way) && run.measured ? [outcomeOf(run, run.measured, picturesOf)] : [])),
  );
  const rows = ways.map((way, i) =>
    rowOf(
      way,
      runs.filter((run) => isSameWay(run, way)),
      outcomes[i]!,
    ),
  );
  const differences = ways.flatMap((a, i) =>
    ways.slice(i + 1).flatMap((b, j): RowDifference[] => {
      const found = differenceInterval(outcomes[i]!, outcomes[i + 1 + j]!);
      return found ? [{ a: wayOf(a), b: wayOf(b), ...found }] : [];
    }),
  );
  return { rows, differences };
}

/** How far `a` is above `b`, whichever way round it was computed. */
export function differenceOf(differences: readonly RowDifference[], a: Way, b: Way): RowDifference | undefined {
  const found = differences.find((d) => isSameWay(d.a, a) && isSameWay(d.b, b));
  if (found) return found;
  const turned = differences.find((d) => isSameWay(d.a, b) && isSameWay(d.b, a));
  return turned && { ...turned, a: turned.b, b: turned.a, mean: -turned.mean, low: -turned.high, high: -turned.low };
}

function outcomeOf(
  { seed }: ComparedRun,
  { marks }: MeasuredTraining,
  picturesOf: (seed: number) => readonly string[],
): Outcome {
  const names = picturesOf(seed);
  const right = [...marks].flatMap((mark, i): [string, boolean][] => (mark === "-" ? [] : [[names[i]!, mark === "1"]]));
  return { seed, right: new Map(right) };
}

function rowOf(way: Way, runs: readonly ComparedRun[], outcomes: readonly Outcome[]): ComparedRow {
  const done = runs.flatMap(({ measured }) => (measured ? [measured] : []));
  const failures = runs.flatMap(({ seed, failed }) => (failed === undefined ? [] : [{ seed, reason: failed }]));
  const found = {
    ...{ model: way.model, strategy: way.strategy, failures },
    seeds: runs.filter(({ measured }) => measured).map(({ seed }) => seed),
    accuracies: done.map(({ accuracy }) => accuracy),
    bestEpochs: done.map(({ bestEpoch }) => bestEpoch),
    cost: runs.find(({ cost }) => cost)?.cost ?? null,
  };
  if (done.length === 0) {
    const none = {
      accuracy: null,
      lastAccuracy: null,
      loss: null,
      time: null,
      pictures: null,
      processBytes: null,
      cpuSeconds: null,
    };
    return { ...found, ...none, curve: [] };
  }
  const time = timeOf(done);
  const held = runs.flatMap(({ processBytes }) => processBytes ?? []);
  const cpu = runs.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
  return {
    ...found,
    accuracy: accuracyInterval(outcomes),
    lastAccuracy: spreadOf(done.map(({ epochs }) => epochs.at(-1)!.valAccuracy)),
    loss: spreadOf(done.map(({ loss }) => loss)),
    time,
    pictures: meanOf(done.map(({ epochs }) => epochs.at(-1)!.pictures)),
    processBytes: held.length > 0 ? Math.max(...held) : null,
    cpuSeconds: cpu.length > 0 ? meanOf(cpu) : null,
    curve: curveOf(done, time.prepare),
  };
}

const spreadOf = (values: readonly number[]): Spread => ({
  mean: meanOf(values),
  deviation: values.length > 1 ? deviationOf(values) : null,
  margin: values.length > 1 ? confidenceInterval(values).margin : null,
});

/** The seed that had to compute the most features tells what they cost. */
function timeOf(done: readonly MeasuredTraining[]): RowTime {
  const most = Math.max(...done.map(({ features }) => features.computed));
  const whole = done.filter(({ features }) => features.computed === most);
  const prepare = meanOf(whole.map(({ prepareSeconds }) => prepareSeconds));
  const train = meanOf(done.map(({ epochs, prepareSeconds }) => epochs.at(-1)!.seconds - prepareSeconds));
  const prepared = done.every(({ features }) => features.computed === 0 && features.cached > 0);
  return { prepare, train, total: prepare + train, prepared };
}

/** As far as all seeds went. */
function curveOf(done: readonly MeasuredTraining[], prepare: number): CurvePoint[] {
  const length = Math.min(...done.map(({ epochs }) => epochs.length));
  return Array.from({ length }, (_, i) => {
    const points = done.map(({ epochs }) => epochs[i]!);
    const accuracies = points.map(({ valAccuracy }) => valAccuracy);
    return {
      epoch: i + 1,
      pictures: meanOf(points.map(({ pictures }) => pictures)),
      seconds: prepare + meanOf(done.map(({ epochs, prepareSeconds }) => epochs[i]!.seconds - prepareSeconds)),
      valAccuracy: meanOf(accuracies),
      ...{ lowest: Math.min(...accuracies), highest: Math.max(...accuracies) },
      valLoss: meanOf(points.map(({ valLoss }) => valLoss)),
      trainAccuracy: meanOf(points.map(({ trainAccuracy }) => trainAccuracy)),
    };
  });
}
