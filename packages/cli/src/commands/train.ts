import { type Gpu, TlxError } from "@tlx/kernels";
import {
  type Checkpoint,
  type Dataset,
  describePlan,
  type Model,
  planTraining,
  type TrainInput,
  type TrainResult,
  train,
} from "@tlx/transfer";
import { decodeAll, diskFeatures, imageFolder, RunFolder } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { forecast, reportForecast } from "../dry-run.js";
import { findModelOrSuggest } from "../find-model.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import { type AdapterOptions, addAdapterOption, addDownloadOptions, jsonOption } from "../options.js";
import { quoteForShell } from "../printable.js";
import { checkRunTarget, createAtTarget, type RunTargetOptions } from "../run-target.js";
import { resolveConfig, runConfig, settingsOf, type TrainConfig } from "../train-config.js";
import { addConfigOptions, configFromOptions } from "../train-options.js";
import { printResult, reportData, reportPlan, TrainReporter } from "../train-report.js";
import { version } from "../version.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface TrainOptions extends AdapterOptions, RunTargetOptions {
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly dryRun?: boolean;
  /** Cache folder; false: features are neither looked for nor kept. */
  readonly cache?: string | false;
  readonly download?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
}

const help = `
DIR holds the pictures by class; without a folder to measure on, a part of each class is drawn for it:
  DIR/daisy/1.jpg   DIR/daisy/2.jpg   DIR/tulip/3.jpg                            or
  DIR/train/daisy/1.jpg   DIR/train/tulip/2.jpg   DIR/val/daisy/3.jpg   DIR/val/tulip/4.jpg

The pretrained network stays as it is; it turns every picture into features once, and a new head learns the classes from
them. Features are kept in the cache: a second run on the same pictures starts with the head. The run folder holds model/
(weights, classes, golden example), checkpoints/, config.json, figures and tables of the epoch that did best on val.
A flag comes before an entry of --config, which comes before the default; docs/defaults.md lists them all.
The same GPU, driver, pictures and seed give the same bits. Ctrl-C keeps the best epoch so far and ends with 130.

Examples:
  $ tlx train flowers --weights mobilenet_v2.safetensors
  $ tlx train flowers --epochs 50 --lr 0.0003 --schedule cosine --name slow
  $ tlx train flowers --out models/flowers --json > result.json
  $ tlx train flowers --config runs/train/flowers/config.json --seed 2
  $ tlx predict --run runs/train/flowers photo.jpg`;

export function trainCommand(context: Context): Command {
  const command = new Command("train")
    .description("Train a classifier for your own pictures on a pretrained network.")
    .argument("[dir]", "folder with CLASS/*, or with train/CLASS/* and val/CLASS/*");
  addConfigOptions(command)
    .addOption(new Option("--config <file>", "take entries from this JSON file, such as a run's config.json"))
    .addOption(new Option("--print-config", "print the whole configuration as JSON and end"))
    .addOption(new Option("--dry-run", "say what would be done, and do nothing").conflicts("printConfig"))
    .addOption(new Option("--name <name>", "write to runs/train/NAME (default: the name of DIR; numbered if taken)"))
    .addOption(new Option("--out <dir>", "write to exactly this folder, new or empty").conflicts("name"))
    .addOption(jsonOption("the result"));
  addDownloadOptions(command).addOption(new Option("--no-cache", "compute all features and keep none"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((dir: string | undefined, options: TrainOptions) => runTraining(context, dir, options));
}

/** All that is known before a GPU is opened. */
interface Job {
  readonly config: TrainConfig;
  readonly model: Model;
  readonly data: Dataset;
  readonly checkpoint: Checkpoint;
  /** Path of the weights. */
  readonly weights: string;
}

async function runTraining(context: Context, dir: string | undefined, options: TrainOptions): Promise<void> {
  const start = performance.now();
  const given = configFromOptions({ ...options });
  const config = await resolveConfig({ ...given, ...(dir !== undefined && { data: dir }) }, options.config);
  if (options.printConfig) return context.report.printJson(config, 2);
  if (!options.dryRun) checkRunTarget(options);
  const job = await prepare(context, config, given, options);
  await withGpu(options, async (gpu) => {
    const { report } = context;
    report.field("adapter", describeAdapter(gpu));
    report.field("model", `${job.model.name}: ${job.model.card.title}`);
    report.field("weights", job.weights);
    reportData(report, job.data, config);
    if (options.dryRun) await showPlan(context, gpu, job, options);
    else await trainIntoRun(context, gpu, job, options, start);
  });
  // What an interrupt left is saved; the exit status still tells of it.
  context.signal.throwIfAborted();
}

async function prepare(
  context: Context,
  config: TrainConfig,
  given: Partial<TrainConfig>,
  { cache, download, offline }: TrainOptions,
): Promise<Job> {
  if (config.data === null) throw new TlxError("E_USAGE", "missing required argument 'dir': the folder of pictures");
  const model = findModelOrSuggest(config.model);
  const data = await imageFolder(config.data, { split: config.split, seed: config.seed });
  if (given.split !== undefined && data.origin === "folders") {
    throw new TlxError("E_USAGE", `--split: "${config.data}" has a folder to measure on already; leave the flag out`);
  }
  const weights = { weights: config.weights ?? undefined, cache: cache || undefined, download, offline };
  const { checkpoint, path } = await loadCheckpoint(context, model, weights);
  return { config, model, data, checkpoint, weights: path };
}

async function showPlan(context: Context, gpu: Gpu, job: Job, { cache, json }: TrainOptions): Promise<void> {
  const { config, model, data, checkpoint } = job;
  const plan = planTraining(model, checkpoint, data.classes.length, settingsOf(config));
  const shown = describePlan(plan);
  reportPlan(context.report, shown, data.classes.length);
  const found = await forecast(context, { gpu, model, plan, data, config, cache });
  reportForecast(context, found);
  if (!json) return;
  const { classes, train: trained, val, skipped } = data;
  const { unreadable, ...rest } = found;
  context.report.printJson({
    ...{ dryRun: true, config, adapter: describeAdapter(gpu), plan: shown },
    pictures: classes.map((name, label) => {
      const count = (samples: Dataset["train"]): number => samples.filter((s) => s.label === label).length;
      return { class: name, train: count(trained), val: count(val) };
    }),
    ...rest,
    skipped: [...skipped, ...unreadable],
  });
}

async function trainIntoRun(context: Context, gpu: Gpu, job: Job, options: TrainOptions, start: number): Promise<void> {
  const { config, data, weights } = job;
  const { report } = context;
  const madeBy = { tlx: version, node: process.version, adapter: describeAdapter(gpu) };
  const run = await createAtTarget(options, config.data as string, (folder) =>
    RunFolder.create(folder, { config: runConfig({ ...config, weights }, madeBy), skipped: data.skipped }),
  );
  try {
    const reporter = new TrainReporter(report, data.classes.length);
    const result = await trainAndReport(context, gpu, job, options.cache, reporter, run);
    await run.finish(gpu, result);
    const seconds = (performance.now() - start) / 1000;
    if (options.json) report.printJson(summarize(run, result, { seconds, features: reporter.features }));
    else printResult(report, run.folder, result);
    report.field("done", `in ${seconds.toFixed(1)} s; now try: tlx predict --run ${quoteForShell(run.folder)} FILE`);
  } finally {
    await run.close();
  }
}

/** What a program gets to know of a run. */
const summarize = (run: RunFolder, result: TrainResult, more: Readonly<Record<string, unknown>>): unknown => ({
  run: run.folder,
  model: result.model.name,
  accuracy: result.val.accuracy,
  loss: result.val.loss,
  trainAccuracy: result.trainAccuracy,
  classes: result.classes,
  epochs: result.epochs,
  bestEpoch: result.bestEpoch,
  interrupted: result.interrupted,
  ...more,
  skipped: run.skipped,
  settings: result.settings,
});

async function trainAndReport(
  { report, signal }: Context,
  gpu: Gpu,
  { config, model, checkpoint, data }: Job,
  cache: string | false | undefined,
  reporter: TrainReporter,
  run: RunFolder,
): Promise<TrainResult> {
  const { classes, train: trainSamples, val } = data;
  const pictures: TrainInput["pictures"] = (samples, { skip }) => decodeAll(samples, { signal, skip });
  const events = train({
    ...{ gpu, model, checkpoint, classes, train: trainSamples, val, pictures, signal },
    openFeatures: cache === false ? undefined : diskFeatures(cache),
    settings: settingsOf(config),
  });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      await run.record(value);
      reporter.show(value);
    }
  } catch (error) {
    if (signal.aborted && cache !== false) {
      report.say("nothing was trained yet; the features so far are in the cache, the same command goes on from there");
    }
    throw error;
  } finally {
    reporter.end();
    // Ends what the generator still holds where this loop was left by an error of its own.
    await events.return(undefined as never);
  }
}
