import { TlxError } from "@tlx/kernels";
import { formatChoice, formatTable, type Graph, type TunedProblem } from "@tlx/nn";
import { checkSetting, graphsOfTraining, type Job, type JobInput, predictionGraph, prepareJob } from "@tlx/transfer";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import { loadModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, cacheOption, jsonOption, wholeNumber } from "../options.js";
import { printableName } from "../printable.js";
import { storeOf, summarize, tuneAndKeep } from "../tuned-kernels.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface TuneOptions extends AdapterOptions {
  readonly batch: number;
  readonly classes: number;
  readonly train: string;
  readonly inputSize: number;
  readonly budget?: number;
  readonly again?: boolean;
  readonly cache?: string;
  readonly json?: boolean;
}

const help = `
Timed are the network as it predicts, one picture and eight at a time, and a training step. Only variants whose results agree
with those of the plain one are timed, and one replaces tlx's default only where it is faster beyond the noise. tlx train,
pretrain, evaluate and predict use what was found; --tune off does not. Let nothing else use the GPU meanwhile.
No weights are needed: times depend on shapes only. docs/tuning.md tells more.

Examples:
  $ tlx tune mobilenet-v2
  $ tlx tune resnet-18 --train last:3 --batch 16 --classes 12
  $ tlx tune mobilenet-v2 --budget 30 --json`;

function parseUnfreeze(text: string): string {
  try {
    checkSetting("unfreeze", text);
  } catch {
    throw new InvalidArgumentError('Expected "head", "last:N" or "all".');
  }
  return text;
}

export function tuneCommand(context: Context): Command {
  const command = new Command("tune")
    .description("Time the kernel variants of a network on this GPU, and keep the fastest for later commands.")
    .argument("<model>", "name of the network, as in tlx models, or path of a module that exports one")
    .addOption(
      new Option("--train <what>", "what the training step trains: head, last:N or all")
        .argParser(parseUnfreeze)
        .default("head"),
    )
    .addOption(new Option("--batch <n>", "pictures per training step").argParser(wholeNumber(1)).default(32))
    .addOption(new Option("--classes <n>", "classes of the new head").argParser(wholeNumber(2)).default(5))
    .addOption(
      new Option("--input-size <pixels>", "height and width of the pictures; 0: what the network was made for")
        .argParser(wholeNumber(0))
        .default(0),
    )
    .addOption(new Option("--budget <seconds>", "stop after this time (default: none)").argParser(wholeNumber(1)))
    .addOption(new Option("--again", "time what is known too"))
    .addOption(cacheOption())
    .addOption(jsonOption("what was found"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((name: string, options: TuneOptions) => tune(context, name, options));
}

/** A training on pictures that are never read. */
function madeJob(model: JobInput["model"], { batch, classes, train, inputSize }: TuneOptions): Job<JobInput> {
  const names = Array.from({ length: classes }, (_, i) => String(i));
  const samples = Array.from({ length: batch }, (_, i) => ({ file: "", label: i % classes }));
  const settings = { batch, unfreeze: train, batchNorm: "freeze", inputSize } as const;
  return prepareJob({ model, checkpoint: "none", classes: names, train: samples, val: samples, settings });
}

async function tune(context: Context, name: string, options: TuneOptions): Promise<void> {
  const { report } = context;
  const job = madeJob(await loadModel(name), options);
  await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    report.field("model", job.model.name);
    const store = storeOf(gpu, options.cache);
    const known = options.again ? new Map() : await store.load((message) => report.warn(message));
    const { graph, weights } = job.plan;
    const network = {
      graph: { ...graph, outputs: new Map([...graph.outputs].filter(([n]) => n === "logits")) },
      weights,
    };
    const graphs: Graph[] = [
      ...[1, 8].map((batch) => predictionGraph(network, batch)),
      ...graphsOfTraining(job, gpu.capabilities),
    ];
    const budgetMs = options.budget && 1000 * options.budget;
    const found = await tuneAndKeep(context, gpu, graphs, store, { known, budgetMs });
    const { tuned, known: before, left, skipped, ms } = found.report;
    report.field("tuned", summarize(found.report));
    report.field("kept", printableName(store.place));
    if (options.json) {
      report.printJson({
        adapter: describeAdapter(gpu),
        model: job.model.name,
        store: store.place,
        tuned,
        skipped,
        known: before,
        left,
        ms,
      });
    } else if (tuned.length > 0) report.print(formatTuned(tuned));
    if (tuned.length === 0 && left > 0) {
      throw new TlxError("E_USAGE", "tune: the budget was too short for a single problem; give a longer one, or none");
    }
  });
}

/** A row for each problem, in the order in which they were timed: the heaviest first. */
export function formatTuned(tuned: readonly TunedProblem[]): string {
  const rows = tuned.map((t) => {
    const same = t.chosenMs === t.defaultMs;
    return [
      t.key.slice(0, t.key.indexOf(" {")),
      t.count,
      formatChoice(t.default),
      t.defaultMs.toFixed(3),
      same ? "-" : formatChoice(t.chosen),
      same ? "" : t.chosenMs.toFixed(3),
      same ? "" : `${(t.defaultMs / t.chosenMs).toFixed(2)}x`,
    ];
  });
  return formatTable(["problem", "uses", "default", "ms", "chosen", "ms", "gain"], rows);
}
