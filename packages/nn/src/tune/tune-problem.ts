/** The fastest candidate of one problem whose outputs are those of the plain variant. */
import { allDispatches, type Choice, type Gpu, type HostTensor, type Launch, TlxError } from "@tlx/kernels";
import { disagreement, isTelling } from "./agree.js";
import { makeInputs } from "./made-inputs.js";
import { ProblemBench } from "./problem-bench.js";
import { type Candidate, candidatesOf, digestKernels, type GraphProblem, type TunedChoice } from "./problems.js";
import { type Measure, race } from "./race.js";
import { Stopwatch } from "./stopwatch.js";
import { estimateWork } from "./work.js";

/** A candidate that cannot be used, and why. */
export interface FailedCandidate extends Choice {
  readonly reason: string;
}

export interface TunedProblem {
  readonly key: string;
  readonly op: string;
  /** Nodes that have it. */
  readonly count: number;
  /** The first that can be used. */
  readonly default: Choice;
  readonly chosen: TunedChoice;
  readonly defaultMs: number;
  readonly chosenMs: number;
  /** Share of the default's time below which a gain counts for nothing. */
  readonly noise: number;
  readonly candidates: number;
  readonly failed: readonly FailedCandidate[];
}

/** What became of a problem: decided, left out for a reason, or undecided when the time was over. */
export type Outcome =
  | { readonly tuned: TunedProblem }
  | { readonly skipped: string; readonly failed: readonly FailedCandidate[] }
  | undefined;

/** Kernels that are compiled together: the budget is looked at in between. */
const AT_ONCE = 4;

/** A first run that took so many times the default's need not be repeated. */
const HOPELESS = 3;

const choiceOf = ({ variant, settings }: Choice): Choice => ({ variant, ...(settings && { settings }) });

export async function tuneProblem(gpu: Gpu, of: GraphProblem, isOver: () => boolean): Promise<Outcome> {
  const { key, op, problem, count, precision } = of;
  const tables = makeInputs(op.name, problem, precision);
  if (!tables) return { skipped: "its inputs cannot be made up", failed: [] };
  const failed: FailedCandidate[] = [];
  const failedTo = (candidate: Candidate, error: unknown): void => {
    gpu.assertUsable();
    if (!(error instanceof TlxError)) throw error;
    failed.push({ ...choiceOf(candidate), reason: error.message });
  };
  const candidates = candidatesOf(of, gpu.capabilities).map((candidate) => ({ candidate, lowered: candidate.lower() }));
  let bench: ProblemBench;
  try {
    bench = await ProblemBench.open(
      gpu,
      of,
      tables,
      candidates.map(({ lowered }) => lowered),
    );
  } catch (error) {
    gpu.assertUsable();
    if (!(error instanceof TlxError)) throw error;
    return { skipped: error.message, failed };
  }
  try {
    const kernels = [
      ...new Set(candidates.flatMap(({ lowered }) => allDispatches(lowered).map(({ kernel }) => kernel))),
    ];
    for (let from = 0; from < kernels.length; from += AT_ONCE) {
      if (isOver()) return undefined;
      // Who fails is told of below.
      await Promise.allSettled(kernels.slice(from, from + AT_ONCE).map((kernel) => gpu.pipelines.get(kernel)));
    }
    const last = op.variants.at(-1)!.name;
    const reference = candidates.find(({ candidate }) => candidate.variant === last)!;
    const ready: { readonly candidate: Candidate; readonly launches: readonly Launch[] }[] = [];
    let expected: HostTensor["data"][] = [];
    for (const entry of [reference, ...candidates.filter((c) => c !== reference)]) {
      if (isOver()) return undefined;
      const { candidate, lowered } = entry;
      try {
        const launches = await bench.prepare(lowered);
        const found = await bench.outputsOf(launches);
        if (entry === reference) {
          if (!isTelling(found)) return { skipped: "on random inputs it gives no telling numbers", failed };
          expected = found;
        }
        const wrong = disagreement(found, expected, estimateWork(op.name, problem).terms);
        if (wrong === undefined) ready.push({ candidate, launches });
        else failed.push({ ...choiceOf(candidate), reason: wrong });
      } catch (error) {
        failedTo(candidate, error);
        if (entry === reference) return { skipped: "the plain variant failed", failed };
      }
    }
    expected = [];
    const order = candidates.map(({ candidate }) => candidate);
    ready.sort((a, b) => order.indexOf(a.candidate) - order.indexOf(b.candidate));
    const stopwatch = new Stopwatch(gpu);
    const entrants: { readonly candidate: Candidate; readonly measure: Measure }[] = [];
    let defaultMs = Number.POSITIVE_INFINITY;
    for (const { candidate, launches } of ready) {
      if (isOver()) return undefined;
      const { repeats, ms } = await stopwatch.calibrate(launches);
      if (entrants.length === 0) defaultMs = ms;
      if (ms <= HOPELESS * defaultMs) entrants.push({ candidate, measure: () => stopwatch.measure(launches, repeats) });
    }
    const result = await race(
      entrants.map(({ measure }) => measure),
      isOver,
    );
    if (!result) return undefined;
    const { candidate } = entrants[result.winner]!;
    return {
      tuned: {
        ...{ key, op: op.name, count, default: choiceOf(ready[0]!.candidate), candidates: candidates.length, failed },
        chosen: { ...choiceOf(candidate), kernels: digestKernels(candidate.lower()) },
        ...{ defaultMs: result.ms[0]!, chosenMs: result.ms[result.winner]!, noise: result.noise },
      },
    };
  } finally {
    bench.dispose();
  }
}
