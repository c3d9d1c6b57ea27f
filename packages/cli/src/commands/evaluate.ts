import { TlxError } from "@tlx/kernels";
import { classScores, evaluateRun, predictionGraph, type RunEvaluation } from "@tlx/transfer";
import { decodeAll, labelledFolder, readRun } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { loadRunModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, runModelOption } from "../options.js";
import { printableName } from "../printable.js";
import type { Report } from "../report.js";
import { formatAccuracy, formatConfusions, formatScores } from "../score-table.js";
import { chooseKernels } from "../tuned-kernels.js";
import { verifyOption, verifyRun } from "../verify-run.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface EvaluateOptions extends AdapterOptions {
  readonly run: string;
  readonly model?: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

const help = `
FOLDER holds pictures by class, FOLDER/daisy/1.jpg, or has a val/ (valid/, validation/, test/) that does. Its classes must
be classes of the run, though not all of them. Pictures the run was not trained on give honest figures.

Examples:
  $ tlx evaluate --run runs/train/flowers flowers
  $ tlx evaluate --run runs/train/flowers more-flowers --json | jq .accuracy`;

export function evaluateCommand(context: Context): Command {
  const command = new Command("evaluate")
    .description("Measure a run of tlx train on a folder of pictures: accuracy, precision, recall, confusions.")
    .argument("<folder>", "pictures by class")
    .addOption(new Option("--run <dir>", "folder of a run of tlx train").makeOptionMandatory())
    .addOption(runModelOption())
    .addOption(verifyOption())
    .addOption(jsonOption("the figures"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((folder: string, options: EvaluateOptions) => evaluate(context, folder, options));
}

/** Pictures per pass over the network. */
const batch = 8;
/** The share of unreadable pictures above which there is no figure. */
const maxUnreadable = 0.1;

async function evaluate(context: Context, folder: string, options: EvaluateOptions): Promise<void> {
  const { report, signal } = context;
  const start = performance.now();
  const model = await loadRunModel(options.run, options.model);
  const run = await readRun(options.run, { batch, model });
  const { architecture, classes } = run.description;
  const data = await labelledFolder(folder);
  const bar = report.progress({ label: "pictures" });
  const result = await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    report.field("model", `${architecture}, ${classes.length} classes of ${options.run}`);
    await verifyRun(report, gpu, options.run, { always: options.verify, model });
    const pictures: Parameters<typeof evaluateRun>[3] = (samples) => decodeAll(samples, { signal });
    const choices = await chooseKernels(context, gpu, () => [predictionGraph(run.network, batch)], {});
    const evaluating = evaluateRun(gpu, run, data, pictures, { batch, signal, choices, progress: bar.update });
    return evaluating.finally(() => bar.end());
  });
  const skipped = [...data.skipped, ...result.skipped];
  for (const { reason } of result.skipped) report.warn(`skipped: ${reason}`);
  for (const { file, reason } of data.skipped) report.warn(`skipped ${printableName(file)}: ${reason}`);
  const all = data.samples.length;
  if (result.skipped.length > maxUnreadable * all) {
    throw new TlxError(
      "E_DATA",
      `evaluate: expected at most ${100 * maxUnreadable} % unreadable pictures, found ${result.skipped.length} of ${all}; repair or remove them`,
    );
  }
  const seconds = (performance.now() - start) / 1000;
  if (options.json) {
    const { accuracy, loss, matrix, samples } = result;
    const scores = classScores(matrix).map(({ precision = null, recall = null, f1 = null, support }, c) => {
      return { name: classes[c], precision, recall, f1, support };
    });
    const figures = { accuracy, loss, pictures: samples.length, classes: scores, confusion: matrix };
    report.printJson({ run: options.run, model: architecture, ...figures, seconds, skipped });
  } else {
    printEvaluation(report, classes, result);
  }
}

function printEvaluation(report: Report, classes: readonly string[], { matrix, loss }: RunEvaluation): void {
  report.print(formatScores(classes, matrix));
  for (const line of formatConfusions(classes, matrix)) report.print(line);
  report.print(`accuracy: ${formatAccuracy(matrix)}, loss ${loss.toFixed(4)}`);
}
