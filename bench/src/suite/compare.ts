/**
 * Two result files side by side: what became faster or slower by more than noise, which is the largest of
 *
 *   3 %             no two runs are more alike
 *   twins           by how much the two timings of one contestant differed in either run, and what 99 of 100 such pairs stay below,
 *                   if their differences are normal with the median that the run had
 *   uncertainty     99 % interval of the difference of both medians, t sqrt(e1^2 + e2^2), by Student's t for the fewer runs; the standard
 *                   error of a median of normal times is e = 1.2533 sigma / sqrt(runs), and their quartiles lie 1.349 sigma apart
 *
 * 99 %, because hundreds of results are judged at once. One run has no spread, so it is never judged.
 */
import { studentQuantile } from "@tlx/transfer";
import type { ResultFile } from "./result.js";
import { median } from "./statistics.js";

export type Verdict = "faster" | "slower" | "same within noise";

export interface ComparedResult {
  readonly name: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** After over before: less than one is faster. */
  readonly ratio: number;
  /** Share by which the two may differ without meaning anything. */
  readonly noise: number;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly results: readonly ComparedResult[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** What keeps the files from being comparable, in words. */
  readonly warnings: readonly string[];
}

/** Below this no difference of two runs means anything, however quiet both were. */
const LEAST_NOISE = 0.03;

type Measured = ResultFile["results"][number];

const CONFIDENCE = 0.99;
/** Of a normal distribution: the 99 % point of |x| over its median. */
const TWINS = 2.5758 / 0.6745;
const ERROR_OF_MEDIAN = 1.2533 / 1.349;

/** What was usual in a run: a single case may have been lucky. */
const usualNoise = ({ results }: ResultFile): number => {
  const known = results.flatMap(({ noise }) => noise ?? []);
  return known.length > 0 ? median(known) : 0;
};

const quantiles = new Map<number, number>();

function quantileOf(freedom: number): number {
  const known = quantiles.get(freedom) ?? studentQuantile(freedom, CONFIDENCE);
  quantiles.set(freedom, known);
  return known;
}

function noiseBetween(before: Measured, after: Measured, usual: number): number {
  const runs = Math.min(before.runs, after.runs);
  if (runs < 2) return Number.POSITIVE_INFINITY;
  const errors = [before, after].map((one) => (ERROR_OF_MEDIAN * one.spread) / Math.sqrt(one.runs));
  const uncertainty = quantileOf(runs - 1) * Math.hypot(...errors);
  return Math.max(LEAST_NOISE, TWINS * usual, before.noise ?? 0, after.noise ?? 0, uncertainty);
}

function judge(ratio: number, noise: number): Verdict {
  if (ratio < 1 / (1 + noise)) return "faster";
  return ratio > 1 + noise ? "slower" : "same within noise";
}

const about: readonly (readonly [string, (file: ResultFile) => string])[] = [
  ["adapter", (f) => f.adapter],
  ["driver", (f) => f.environment.driver],
  ["processor", (f) => `${f.environment.cpu}, ${f.environment.cores} cores`],
  ["runtime", (f) => f.environment.runtime],
  ["length of the run", (f) => (f.options.quick ? "quick" : "full")],
  ["number of rounds", (f) => String(f.options.rounds)],
];

const unfinished = (what: string, file: ResultFile): string[] =>
  file.unfinished === undefined ? [] : [`the run ${what} is unfinished: ${file.unfinished}`];

/** `after` against `before`, in the order of `after`. */
export function compareResults(before: ResultFile, after: ResultFile): Comparison {
  const known = new Map(before.results.map((r) => [r.name, r]));
  const names = new Set(after.results.map((r) => r.name));
  const usual = Math.max(usualNoise(before), usualNoise(after));
  const results = after.results.flatMap((a): ComparedResult[] => {
    const b = known.get(a.name);
    if (!b) return [];
    const ratio = a.medianMs / b.medianMs;
    const noise = noiseBetween(b, a, usual);
    return [{ name: a.name, beforeMs: b.medianMs, afterMs: a.medianMs, ratio, noise, verdict: judge(ratio, noise) }];
  });
  return {
    results,
    onlyBefore: before.results.map((r) => r.name).filter((name) => !names.has(name)),
    onlyAfter: after.results.map((r) => r.name).filter((name) => !known.has(name)),
    warnings: [
      ...about.flatMap(([what, of]) =>
        of(before) === of(after) ? [] : [`the ${what} differs: ${of(before)} and ${of(after)}`],
      ),
      ...unfinished("before", before),
      ...unfinished("after", after),
    ],
  };
}
