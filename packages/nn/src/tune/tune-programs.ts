/**
 * Autotuning: the problems of graphs are timed over all variants and settings that fit the device, heaviest first, until a
 * budget is spent. Nothing else may use the GPU meanwhile. Candidates are timed on outputs that were checked; memory is
 * that of one problem at a time.
 */
import type { Gpu } from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { checkPrecision } from "../program/lower.js";
import { candidatesOf, choicesFor, problemsOf, type TunedChoice } from "./problems.js";
import { type FailedCandidate, type TunedProblem, tuneProblem } from "./tune-problem.js";
import { costOf, estimateWork, TINY } from "./work.js";

export interface TuneOptions {
  /** Milliseconds after which no problem is begun and the one under way is left undecided. Default: no limit. */
  readonly budgetMs?: number;
  /** What was found before: problems with such a choice are not timed again, unless their kernels are others by now. */
  readonly known?: ReadonlyMap<string, TunedChoice>;
  /** Ends tuning as if the budget were spent; what was found is returned. */
  readonly signal?: AbortSignal;
  /** "half": half-precision variants are timed too, for programs that are compiled so. Default: float32 only. */
  readonly precision?: "half";
  /** After every problem. */
  readonly onProgress?: (progress: TuneProgress) => void;
}

export interface TuneProgress {
  readonly done: number;
  /** Problems there are to tune. */
  readonly total: number;
  /** What was decided last; undefined for a problem that was left out. */
  readonly tuned: TunedProblem | undefined;
}

export interface SkippedProblem {
  readonly key: string;
  readonly reason: string;
  readonly failed: readonly FailedCandidate[];
}

export interface TuneReport {
  /** In the order in which they were tuned. */
  readonly tuned: readonly TunedProblem[];
  readonly skipped: readonly SkippedProblem[];
  /** Problems that were known before. */
  readonly known: number;
  /** Problems for which there was no time. */
  readonly left: number;
  readonly ms: number;
}

export interface TuneResult {
  /** For all problems of the graphs that are decided, before or now. */
  readonly choices: ReadonlyMap<string, TunedChoice>;
  readonly report: TuneReport;
}

/** Throws E_DEVICE when the device is lost, E_ADAPTER for half precision where it has none. */
export async function tunePrograms(
  gpu: Gpu,
  graphs: readonly Graph[],
  { budgetMs = Number.POSITIVE_INFINITY, known = new Map(), precision, signal, onProgress }: TuneOptions = {},
): Promise<TuneResult> {
  const { capabilities } = gpu;
  checkPrecision(capabilities, precision);
  const start = performance.now();
  const isOver = (): boolean => signal?.aborted === true || performance.now() - start > budgetMs;
  const choices = choicesFor(graphs, known, capabilities, precision);
  const tunable = problemsOf(graphs, capabilities, precision)
    .map((of) => ({ of, cost: costOf(estimateWork(of.op.name, of.problem)) }))
    .filter(({ of, cost }) => cost >= TINY && candidatesOf(of, capabilities).length > 1);
  const wanted = tunable
    .filter(({ of }) => !choices.has(of.key))
    .sort((a, b) => b.cost * b.of.count - a.cost * a.of.count);
  const tuned: TunedProblem[] = [];
  const skipped: SkippedProblem[] = [];
  for (const { of } of wanted) {
    if (isOver()) break;
    const outcome = await tuneProblem(gpu, of, isOver);
    if (!outcome) break;
    if ("tuned" in outcome) {
      tuned.push(outcome.tuned);
      choices.set(of.key, outcome.tuned.chosen);
    } else {
      skipped.push({ key: of.key, reason: outcome.skipped, failed: outcome.failed });
    }
    const done = tuned.length + skipped.length;
    onProgress?.({ done, total: wanted.length, tuned: "tuned" in outcome ? outcome.tuned : undefined });
  }
  const report = {
    ...{ tuned, skipped, known: tunable.length - wanted.length },
    left: wanted.length - tuned.length - skipped.length,
    ms: performance.now() - start,
  };
  return { choices, report };
}
