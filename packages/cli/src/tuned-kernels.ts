/** Kernel choices for a command: what was found before, and with --tune what is found now. */
import { existsSync } from "node:fs";
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  choicesFor,
  type Graph,
  problemsOf,
  type TuneOptions,
  type TuneReport,
  type TuneResult,
  tunePrograms,
} from "@tlx/nn";
import type { TunedChoices, TunedStore } from "@tlx/transfer";
import { readKernels, tunedFile } from "@tlx/transfer/node";
import { Option } from "commander";
import type { Context } from "./context.js";
import { version } from "./version.js";

/** Milliseconds. */
const budgets: Readonly<Record<"quick" | "full", number>> = { quick: 5000, full: Number.POSITIVE_INFINITY };

export interface TuneChoice {
  readonly tune?: "off" | keyof typeof budgets;
  /** A run's kernels.json. */
  readonly kernels?: string;
  /** Cache folder; false: choices are neither looked for nor kept. */
  readonly cache?: string | false;
  /** Of the programs that the choices are for. */
  readonly precision?: "half";
}

export const tuneOption = (): Option =>
  new Option(
    "--tune <how>",
    "time kernel variants on this GPU first: quick, for up to 5 s, or full, until all are timed; off: use tlx's defaults (default: what was found before, if anything; no timing)",
  ).choices(["off", "quick", "full"]);

export const kernelsOption = (): Option =>
  new Option("--kernels <file>", "use the kernels of an earlier run, its kernels.json, for the same bits").conflicts(
    "tune",
  );

export const storeOf = (gpu: Gpu, cache: string | undefined): TunedStore => tunedFile(gpu, { tlx: version, cache });

/** Choices for what `graphs` gives, which is asked for only where there is something to choose. */
export async function chooseKernels(
  context: Context,
  gpu: Gpu,
  graphs: () => readonly Graph[],
  { tune, cache, kernels, precision }: TuneChoice,
): Promise<TunedChoices> {
  if (kernels !== undefined) return kernelsOf(kernels, gpu, graphs());
  if (tune === "off") return new Map();
  const { report } = context;
  const store = cache === false ? undefined : storeOf(gpu, cache);
  const known = (await store?.load((message) => report.warn(message))) ?? new Map();
  if (tune === undefined) {
    if (known.size === 0) return known;
    const choices = choicesFor(graphs(), known, gpu.capabilities, precision);
    if (choices.size > 0) report.field("tuned", `kernels of ${choices.size} problems are as they were timed before`);
    return choices;
  }
  const result = await tuneAndKeep(context, gpu, graphs(), store, { known, budgetMs: budgets[tune], precision });
  report.field("tuned", summarize(result.report));
  return result.choices;
}

/** Throws E_USAGE for a file that cannot be used as it is. */
async function kernelsOf(file: string, gpu: Gpu, graphs: readonly Graph[]): Promise<TunedChoices> {
  if (!existsSync(file)) throw new TlxError("E_USAGE", `--kernels: expected a file, found none at "${file}"`);
  const read = await readKernels(file, gpu, version);
  const choices = choicesFor(graphs, read, gpu.capabilities);
  const changed = problemsOf(graphs, gpu.capabilities).find(({ key }) => read.has(key) && !choices.has(key));
  if (!changed) return choices;
  throw new TlxError("E_USAGE", `--kernels: those for ${changed.key} are not what they were; leave the flag out`);
}

/** Tunes with a progress bar and keeps what was found; a store that cannot be written to costs a warning. */
export async function tuneAndKeep(
  { report, signal }: Context,
  gpu: Gpu,
  graphs: readonly Graph[],
  store: TunedStore | undefined,
  options: Pick<TuneOptions, "known" | "budgetMs" | "precision">,
): Promise<TuneResult> {
  const bar = report.progress({ label: "timing kernels" });
  let result: TuneResult;
  try {
    result = await tunePrograms(gpu, graphs, { ...options, signal, onProgress: (p) => bar.update(p.done, p.total) });
  } finally {
    bar.end();
  }
  for (const message of describeFailures(result.report)) report.warn(message);
  try {
    if (result.report.tuned.length > 0) await store?.add(result.choices);
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    report.warn(`what was timed is not kept: ${error.message}`);
  }
  signal.throwIfAborted();
  return result;
}

/** A line for every variant of an op that failed, with the first reason. */
export function describeFailures({ tuned, skipped }: TuneReport): string[] {
  const found = new Map<string, { count: number; readonly reason: string }>();
  for (const { key, failed } of [...tuned, ...skipped]) {
    for (const { variant, reason } of failed) {
      const name = `${key.slice(0, key.indexOf("("))}/${variant}`;
      const sofar = found.get(name);
      if (sofar) sofar.count++;
      else found.set(name, { count: 1, reason });
    }
  }
  return [...found].map(([name, { count, reason }]) => {
    const times = count > 1 ? ` in ${count} forms, the first` : "";
    return `the kernel variant ${name} failed${times}: ${reason}`;
  });
}

/** "12 problems timed in 4.9 s, 3 get another kernel; 20 were known, 5 are left" */
export function summarize({ tuned, known, left, skipped, ms }: TuneReport): string {
  const changed = tuned.filter(({ chosenMs, defaultMs }) => chosenMs < defaultMs).length;
  const rest = [
    ...(known > 0 ? [`${known} were known`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} cannot be timed`] : []),
    ...(left > 0 ? [`${left} are left for another time`] : []),
  ];
  const done = `${tuned.length} problems timed in ${(ms / 1000).toFixed(1)} s, ${changed} get another kernel`;
  return [done, ...rest].join("; ");
}
