/** Two result files side by side: what became faster or slower by more than noise. */
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

/** What was usual in a run: a single case may have been lucky. */
const usualNoise = ({ results }: ResultFile): number => {
  const known = results.flatMap(({ noise }) => noise ?? []);
  return known.length > 0 ? median(known) : 0;
};

/** Noise floor of both and how uncertain their medians are: a spread shrinks with the square root of the runs. */
function noiseBetween(before: Measured, after: Measured, usual: number): number {
  const floor = Math.max(LEAST_NOISE, usual, before.noise ?? 0, after.noise ?? 0);
  const uncertain = [before, after].map(({ spread, runs }) => spread / Math.sqrt(runs));
  return Math.max(floor, Math.hypot(...uncertain));
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
];

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
    warnings: about.flatMap(([what, of]) =>
      of(before) === of(after) ? [] : [`the ${what} differs: ${of(before)} and ${of(after)}`],
    ),
  };
}
