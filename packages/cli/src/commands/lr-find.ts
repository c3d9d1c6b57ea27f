import { statSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { graphsOfTraining, prepareJob, type RateFinding } from "@tlx/transfer";
import { replaceFile } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import { explainShipped, settleModel } from "../choose-model.js";
import type { Context } from "../context.js";
import { findRate } from "../lr-find/find-rate.js";
import { formatRate, printFinding } from "../lr-find/print-finding.js";
import { type AdapterOptions, addMachineOptions, jsonOption, wholeNumber } from "../options.js";
import { printableName } from "../printable.js";
import { formatTrainCommand } from "../train-command.js";
import { type ConfigName, configDocs, resolveConfig } from "../train-config.js";
import { type CacheOptions, inputOf, prepareTraining, type TrainJob } from "../train-job.js";
import { addConfigOptions, configFromOptions } from "../train-options.js";
import { chooseKernels, kernelsOption, type TuneChoice, tuneOption } from "../tuned-kernels.js";
import { version } from "../version.js";
import { describeAdapter, withGpu } from "../with-gpu.js";
import { reportJob } from "./train.js";

interface RateOptions extends AdapterOptions, CacheOptions, Pick<TuneChoice, "tune" | "kernels"> {
  readonly config?: string;
  readonly folds?: number;
  readonly trialEpochs?: number;
  readonly steps?: number;
  readonly html?: string;
  readonly json?: boolean;
}

/** What decides nothing here. */
const left: readonly ConfigName[] = ["learningRate", "saveSteps", "timeSteps"];

const help = `
Takes the options of tlx train, and finds the --lr for exactly that training, on copies of it. A range test, in which the rate
grows from step to step, tells where to look; then the rates 1 and 3 of each power of ten around it are tried in whole
trainings, measured on a part of the training pictures that they do not see. The pictures in val are not used.
Nothing is written but features into the cache, and the page where --html asks for it. tlx train --lr auto does the same
and goes on with what it found. docs/lr-find.md tells more.

Examples:
  $ tlx lr-find flowers
  $ tlx lr-find flowers --unfreeze last:3 --html lr-find.html
  $ tlx lr-find flowers --optimizer sgd --folds 0        the range test alone
  $ tlx train flowers --lr auto`;

export function lrFindCommand(context: Context): Command {
  const command = new Command("lr-find")
    .description("Find the learning rate for a training, on a copy of it.")
    .argument("[dir]", "folder with CLASS/*, or with train/CLASS/* and val/CLASS/*")
    .optionsGroup("The search:")
    .addOption(
      new Option(
        "--folds <n>",
        "trials for each rate, each with another part of the training pictures held out; 0: the range test alone (default: 3 where the head alone learns, else 1)",
      ).argParser(wholeNumber(0)),
    )
    .addOption(
      new Option(
        "--trial-epochs <n>",
        "epochs of a trial (default: all where the head alone learns, else a fifth)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option("--steps <n>", "steps of the range test (default: 100)").argParser(wholeNumber(10)))
    .addOption(new Option("--html <file>", "write the curves to this page"))
    .addOption(jsonOption("the finding"));
  addConfigOptions(
    command,
    configDocs.filter(({ name }) => !left.includes(name)),
  )
    .optionsGroup("The training:")
    .addOption(new Option("--config <file>", "take entries from this JSON file, such as a run's config.json"))
    .addOption(tuneOption())
    .addOption(kernelsOption());
  return addMachineOptions(command)
    .addHelpText("after", help)
    .action((dir: string | undefined, options: RateOptions) => find(context, dir, options));
}

async function find(context: Context, dir: string | undefined, options: RateOptions): Promise<void> {
  const { report } = context;
  const start = performance.now();
  if (options.html !== undefined) checkPage(options.html);
  const given = { ...configFromOptions({ ...options }), ...(dir !== undefined && { data: dir }) };
  const chosen = await resolveConfig(given, options.config);
  const prepared = await prepareTraining(context, settleModel(chosen, options.cache), given, options);
  await withGpu(options, async (gpu) => {
    reportJob(context, gpu, prepared);
    if (chosen.model === null && prepared.origin === "shipped") explainShipped(report, options.cache);
    const { cache, tune, kernels, folds, trialEpochs: epochs, steps } = options;
    const graphs = () => graphsOfTraining(prepareJob(inputOf(prepared)), gpu.capabilities);
    const choices = await chooseKernels(context, gpu, graphs, { cache, tune, kernels });
    const job = { ...prepared, choices };
    const finding = await findRate(context, gpu, job, { cache, folds, epochs, steps });
    const command = commandOf(chosen, job, finding);
    const { metric, data } = job.config;
    if (options.html !== undefined) {
      const madeBy = `tlx ${version}, Node ${process.version}, ${describeAdapter(gpu)}`;
      const { findingPage } = await import("../lr-find/finding-page.js");
      const page = findingPage({ finding, metric, command, data: data as string, model: job.model.name, madeBy });
      await replaceFile(path.resolve(options.html), page);
    }
    const seconds = (performance.now() - start) / 1000;
    if (options.json) {
      const { rate, expected, range, trials, plan, state } = finding;
      report.printJson({
        ...{ data, model: job.model.name, rate, expected, command, range, trials, folds: plan.folds },
        ...{ epochs: plan.trial.epochs, state, adapter: describeAdapter(gpu), seconds },
      });
    } else {
      printFinding(report, finding, metric, command);
    }
    const { before, after } = finding.state;
    report.field("state", before === after ? `as before, SHA-256 ${before.slice(0, 12)}...` : "changed");
    if (options.html !== undefined) report.field("page", printableName(options.html));
    report.field("done", `in ${seconds.toFixed(1)} s`);
  });
}

/** The training with its learning rate, which is told even where it is the default. */
function commandOf(
  chosen: Parameters<typeof formatTrainCommand>[0],
  { config }: TrainJob,
  finding: RateFinding,
): string {
  const { learningRate: _, ...rest } = { ...chosen, model: chosen.model ?? null, data: config.data };
  return `${formatTrainCommand(rest)} --lr ${formatRate(finding.rate)}`;
}

/** Minutes of trials must not end at a page that cannot be written. */
function checkPage(file: string): void {
  const folder = path.dirname(path.resolve(file));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new TlxError("E_USAGE", `--html: there is no folder "${folder}" for the page; make it, or name another file`);
}
