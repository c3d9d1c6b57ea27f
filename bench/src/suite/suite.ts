/** Runs what is wanted of the suite on one device. Browser-safe: whatever needs files or processes comes from outside. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { type MeasuredCeilings, measureCeilings } from "./ceilings.js";
import type { CaseFindings, SuiteCase, SuiteContext } from "./context.js";
import { forwardCases } from "./forward-bench.js";
import { ratioGroups } from "./geomeans.js";
import { hostCase } from "./host-bench.js";
import { kernelCase } from "./kernel-bench.js";
import { kernelShapes } from "./kernel-shapes.js";
import type { Findings, NamedReason, Result, Size } from "./result.js";
import { makeStopwatch, type Stopwatch } from "./stopwatch.js";
import type { SuitePeer } from "./suite-peer.js";
import { trainCases } from "./train-bench.js";

export interface SuiteOptions {
  readonly gpu: Gpu;
  /** A minute's worth of the suite. */
  readonly quick?: boolean;
  /** Only results whose name it matches. A quick run's cases are not widened by it. */
  readonly filter?: RegExp;
  /** Most interleaved rounds. Default 9, quick 5; what takes long has fewer, but at least 3. */
  readonly rounds?: number;
  /** Time every setting of every variant. */
  readonly settings?: boolean;
  readonly peers?: readonly SuitePeer[];
  /** Default: `suiteCases()`. */
  readonly cases?: readonly SuiteCase[];
  readonly signal?: AbortSignal;
  /** Default: `makeStopwatch()`. */
  readonly stopwatch?: Stopwatch;
  /** After every case, and when the run ends before its time: all that was found so far, with `unfinished`. */
  readonly onFindings?: (findings: Findings) => void | Promise<void>;
  /** When a case begins: its number, from 1 on, and how many there are. */
  readonly onCase?: (index: number, count: number) => void;
  /** For people, while it runs. */
  readonly onProgress?: (line: string) => void;
}

const CEILINGS = ["ceiling/copy", "ceiling/fma"];
const FULL = { rounds: 9, budgetMs: 8000 };
const QUICK = { rounds: 5, budgetMs: 800 };

/** Kernels, networks, training steps and the host's share, in this order. */
export const suiteCases = (): SuiteCase[] => [
  ...kernelShapes().map(kernelCase),
  ...["mobilenet-v2", "resnet-18", "resnet-50", "squeezenet-1.1", "tlx-nano"].flatMap((model) =>
    forwardCases(model, model === "mobilenet-v2"),
  ),
  ...trainCases,
  hostCase,
];

/** What a run with such options takes at most in rounds. */
export const roundsOf = ({ quick = false, rounds }: Pick<SuiteOptions, "quick" | "rounds">): number =>
  rounds ?? (quick ? QUICK : FULL).rounds;

/** What has a chance to be run, before the ceilings are known. */
function plan(options: SuiteOptions): {
  readonly about: Omit<SuiteContext, "ceilings">;
  readonly wanted: readonly SuiteCase[];
} {
  const { gpu, quick = false, filter, settings = false, peers = [], signal, onProgress } = options;
  const { stopwatch = makeStopwatch() } = options;
  const about: Omit<SuiteContext, "ceilings"> = {
    ...{ gpu, quick, settings, peers, signal, stopwatch },
    rounds: roundsOf(options),
    budgetMs: (quick ? QUICK : FULL).budgetMs,
    isWanted: (name) => filter === undefined || filter.test(name),
    say: (line) => onProgress?.(line),
  };
  const all = (options.cases ?? suiteCases()).filter((c) => !quick || c.quick);
  return { about, wanted: all.filter((c) => c.names({ ...about, ceilings: undefined }).some(about.isWanted)) };
}

/** Names of all results that a run with such options gives, but for those of the ceilings. */
export function namesOf(options: SuiteOptions): string[] {
  const { about, wanted } = plan(options);
  return wanted.flatMap((c) => c.names({ ...about, ceilings: undefined }).filter(about.isWanted));
}

/** Throws E_USAGE when nothing is wanted, E_DEVICE when the device is lost, and the reason of `signal`. */
export async function runSuite(options: SuiteOptions): Promise<Findings> {
  const { quick = false, filter, peers = [] } = options;
  const { about, wanted } = plan(options);
  const ceilingsWanted = wanted.some((c) => c.needsCeilings) || CEILINGS.some((name) => filter?.test(name) ?? true);
  if (wanted.length === 0 && !ceilingsWanted) {
    throw new TlxError(
      "E_USAGE",
      `bench: expected a filter that matches a result of ${quick ? "a quick run" : "the suite"}, found ${filter}; --list prints all names`,
    );
  }
  const results: Result[] = [];
  const sizes: Size[] = [];
  const failed: NamedReason[] = [];
  const skipped: NamedReason[] = [];
  const found = (): Findings => ({
    ...{ results: [...results], sizes: [...sizes], failed: [...failed], skipped: [...skipped] },
    ...{ groups: ratioGroups(results), peers: peers.map(describePeer) },
  });
  let done = 0;
  const keep = async (why = ""): Promise<void> =>
    options.onFindings?.({ ...found(), unfinished: `${done} of ${wanted.length} cases measured${why}` });
  try {
    const measured: MeasuredCeilings = ceilingsWanted
      ? await measureCeilings(about)
      : { ceilings: undefined, results: [], failed: [] };
    results.push(...measured.results);
    failed.push(...measured.failed);
    const context: SuiteContext = { ...about, ceilings: measured.ceilings };
    for (const one of wanted) {
      const names = one.names(context).filter(about.isWanted);
      options.onCase?.(done + 1, wanted.length);
      about.say(
        `${done + 1} of ${wanted.length}: ${names[0]}${names.length > 1 ? ` and ${names.length - 1} more` : ""}`,
      );
      const its = await runCase(one, context, names);
      results.push(...(its.results ?? []));
      sizes.push(...(its.sizes ?? []));
      failed.push(...(its.failed ?? []));
      skipped.push(...(its.skipped ?? []));
      done++;
      await keep();
    }
  } catch (error) {
    await keep(`: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
  return found();
}

/** A wrong output is a failure; what the device or a peer cannot do is left out with its reason. */
async function runCase(one: SuiteCase, context: SuiteContext, names: readonly string[]): Promise<CaseFindings> {
  context.signal?.throwIfAborted();
  try {
    return await one.run(context);
  } catch (error) {
    context.gpu.assertUsable();
    if (!(error instanceof TlxError)) throw error;
    const reasons = names.map((name) => ({ name, reason: error.message }));
    return error.code === "E_VERIFY" ? { failed: reasons } : { skipped: reasons };
  }
}

const describePeer = ({ name, version, adapter }: SuitePeer): Findings["peers"][number] => ({
  ...{ name, version },
  ...(adapter && { adapter: adapter.device || adapter.description }),
});
