import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  type Dataset,
  describePlan,
  graphsOfTraining,
  ownerOf,
  prepareJob,
  recordOf,
  runConfig,
  type Snapshot,
} from "@tlx/transfer";
import { DistilFolder, RunFolder } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import { settleStrategy, strategyOption } from "../advise/settle-strategy.js";
import { calibrateOption, isToBeCalibrated } from "../calibrate-result.js";
import { explainShipped, settleModel } from "../choose-model.js";
import type { Context } from "../context.js";
import { resumeDistillation } from "../distillation.js";
import { forecast, reportForecast } from "../dry-run.js";
import { findRate } from "../lr-find/find-rate.js";
import { recordOfFinding } from "../lr-find/finding-record.js";
import { explainChoice, formatRate } from "../lr-find/print-finding.js";
import { tensorboardOption } from "../onlookers.js";
import { type AdapterOptions, addAdapterOption, addDownloadOptions, jsonOption } from "../options.js";
import { printableName } from "../printable.js";
import { reportOption } from "../report-after.js";
import { checkResumeOptions, otherGpuOption, resumeFlags, resumeOption } from "../resume-options.js";
import { checkRunTarget, createAtTarget, type RunKind, type RunTargetOptions } from "../run-target.js";
import { type ConfigDoc, configDocs, resolveConfig } from "../train-config.js";
import { trainIntoRun } from "../train-into-run.js";
import { type CacheOptions, inputOf, prepareTraining, recordedConfig, type TrainJob } from "../train-job.js";
import { AUTO, addConfigOptions, allowAutoRate, configFromOptions } from "../train-options.js";
import { reportData, reportPlan } from "../train-report.js";
import { chooseKernels, kernelsOption, type TuneChoice, tuneOption } from "../tuned-kernels.js";
import { version } from "../version.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

export interface TrainOptions
  extends AdapterOptions,
    CacheOptions,
    RunTargetOptions,
    Pick<TuneChoice, "tune" | "kernels"> {
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly dryRun?: boolean;
  /** Is the learning rate to be found first? */
  readonly lr?: number | typeof AUTO;
  /** Are the network and what of it learns to be measured first? */
  readonly strategy?: "auto";
  /** Folder of an unfinished run. */
  readonly resume?: string;
  /** It may have been begun on another GPU. */
  readonly otherGpu?: boolean;
  readonly calibrate?: boolean;
  /** Is report.html written? Default true. */
  readonly report?: boolean;
  readonly json?: boolean;
}

const help = `
DIR holds the pictures by class; without a folder to measure on, a part of each class is drawn for it:
  DIR/daisy/1.jpg   DIR/daisy/2.jpg   DIR/tulip/3.jpg                            or
  DIR/train/daisy/1.jpg   DIR/train/tulip/2.jpg   DIR/val/daisy/3.jpg   DIR/val/tulip/4.jpg

By default the pretrained network stays as it is; it turns every picture into features once, and a new head learns the
classes from them. Features are kept in the cache: a second run on the same pictures starts with the head. --unfreeze,
--train and --freeze choose other layers, --dry-run shows the plan. The run folder holds model/ (weights, classes, golden
example), checkpoints/, config.json, a certificate of what did not move, and figures of the epoch that did best on val.
A flag comes before an entry of --config, which comes before the default; docs/defaults.md lists them all.
The same GPU, driver, pictures, seed and tuned kernels give the same bits. Ctrl-C keeps the best epoch so far and ends with 130.
A run that was killed goes on with --resume RUNDIR and ends with the same bits; beside it nothing may be given that decides
results, only ${resumeFlags}.
One that was begun elsewhere, such as in a page, goes on with tlx train DIR --resume RUNDIR --weights FILE, and on another GPU
with --other-gpu.

Examples:
  $ tlx train flowers                                        on tlx-nano, which comes with tlx
  $ tlx train flowers --weights mobilenet_v2.safetensors     on the larger mobilenet-v2
  $ tlx train flowers --epochs 50 --lr 0.0003 --schedule cosine --name slow
  $ tlx train flowers --unfreeze last:3 --augment light --dry-run
  $ tlx train flowers --strategy auto                        measure first, then train what tlx advise would
  $ tlx train flowers --lr auto                              find the learning rate first, as tlx lr-find does
  $ tlx train flowers --out models/flowers --json > result.json
  $ tlx train flowers --config runs/train/flowers/config.json --seed 2
  $ tlx train --resume runs/train/flowers
  $ tlx predict --run runs/train/flowers photo.jpg`;

/** What kinds of training differ in. */
export interface Recipe {
  readonly kind: RunKind;
  /** Entries of the configuration with their defaults. */
  readonly docs: readonly ConfigDoc[];
  /** As the usage shows it. */
  readonly argument: "[dir]" | "[dirs...]";
}

export function trainCommand(context: Context): Command {
  const recipe = { kind: "train", docs: configDocs, argument: "[dir]" } as const;
  const command = new Command("train").description("Train a classifier for your own pictures on a pretrained network.");
  return allowAutoRate(addTraining(command, recipe))
    .addOption(strategyOption())
    .addOption(calibrateOption())
    .addOption(tensorboardOption())
    .addHelpText("after", help)
    .action((dir: string | undefined, options: TrainOptions, self: Command) =>
      trainOrResume(context, recipe, dir, options, self),
    );
}

/** Gives `command` the argument and the options of a training. */
export function addTraining(command: Command, recipe: Recipe): Command {
  command.argument(recipe.argument, "folder with CLASS/*, or with train/CLASS/* and val/CLASS/*");
  addConfigOptions(command, recipe.docs)
    .optionsGroup("The run:")
    .addOption(new Option("--config <file>", "take entries from this JSON file, such as a run's config.json"))
    .addOption(new Option("--print-config", "print the whole configuration as JSON and end"))
    .addOption(new Option("--dry-run", "say what would be done, and do nothing").conflicts("printConfig"))
    .addOption(
      new Option("--name <name>", `write to runs/${recipe.kind}/NAME (default: the name of DIR; numbered if taken)`),
    )
    .addOption(new Option("--out <dir>", "write to exactly this folder, new or empty").conflicts("name"))
    .addOption(tuneOption())
    .addOption(kernelsOption())
    .addOption(resumeOption())
    .addOption(otherGpuOption())
    .addOption(reportOption())
    .addOption(jsonOption("the result"));
  addDownloadOptions(command.optionsGroup("The machine:")).addOption(
    new Option("--no-cache", "compute all features and keep none"),
  );
  return addAdapterOption(command);
}

/** Goes on with a run of any kind, or begins one. */
export async function trainOrResume(
  context: Context,
  recipe: Recipe,
  dir: string | undefined,
  options: TrainOptions,
  command: Command,
): Promise<void> {
  const { resume } = options;
  if (resume === undefined) {
    if (options.otherGpu) throw new TlxError("E_USAGE", "--other-gpu is for --resume; a new run has no other GPU");
    return runTraining(context, recipe, dir, options);
  }
  const isDistillation = await DistilFolder.isAt(resume);
  checkResumeOptions(command, isDistillation ? "distillation" : "training");
  return isDistillation ? resumeDistillation(context, resume, options) : resumeTraining(context, resume, dir, options);
}

async function runTraining(
  context: Context,
  { kind, docs }: Recipe,
  dir: string | undefined,
  options: TrainOptions,
): Promise<void> {
  const start = performance.now();
  const { lr } = options;
  const given = configFromOptions({ ...options, ...(lr === AUTO && { lr: undefined }) });
  const entries = { ...given, ...(dir !== undefined && { data: dir }) };
  const wanted = await resolveConfig(entries, options.config, docs);
  if (options.printConfig && options.strategy) {
    throw new TlxError(
      "E_USAGE",
      "--print-config: --strategy auto is not known before it is measured; leave one of them out",
    );
  }
  if (!options.dryRun && !options.printConfig) checkRunTarget(options, kind);
  const settled = options.strategy && (await settleStrategy(context, given, wanted, options));
  const chosen = settled ? await resolveConfig({ ...entries, ...settled.config }, options.config, docs) : wanted;
  const config = settleModel(chosen, options.cache);
  if (options.printConfig) {
    if (lr !== AUTO) return context.report.printJson(config, 2);
    throw new TlxError("E_USAGE", "--print-config: --lr auto is not known before it is found; leave one of them out");
  }
  const job = await prepareTraining(context, config, given, options);
  await withGpu(options, async (gpu, reopenGpu) => {
    reportJob(context, gpu, job);
    if (chosen.model === null && job.origin === "shipped") explainShipped(context.report, options.cache);
    const graphs = () => graphsOfTraining(prepareJob(inputOf(job)), gpu.capabilities);
    const { tune, cache, kernels, dryRun } = options;
    const choices = await chooseKernels(context, gpu, graphs, {
      ...{ cache, kernels, tune: dryRun && tune !== "off" ? undefined : tune },
    });
    if (dryRun && lr === AUTO) context.report.field("lr auto", "would be found first, as tlx lr-find does");
    if (dryRun) return showPlan(context, gpu, { ...job, choices }, options);
    const { job: rated, found } = await settleRate(context, gpu, { ...job, choices }, options);
    const madeBy = {
      ...{ tlx: version, node: process.version, adapter: describeAdapter(gpu), ...settled?.record, ...found },
      ...(options.calibrate && { calibrate: true }),
    };
    const run = await createAtTarget(options, kind, config.data as string, (folder) =>
      RunFolder.create(folder, {
        ...{ config: runConfig(recordedConfig(rated), madeBy), skipped: job.data.skipped },
        ...(choices.size > 0 && { kernels: recordOf(ownerOf(gpu, version), choices) }),
      }),
    );
    await trainIntoRun(context, rated, { gpu, reopenGpu, run, snapshot: undefined }, options, start);
  });
  // What an interrupt left is saved; the exit status still tells of it.
  context.signal.throwIfAborted();
}

/** With --lr auto the job at the rate that is found, and what its run keeps of that. */
async function settleRate(
  context: Context,
  gpu: Gpu,
  job: TrainJob,
  { lr, cache }: TrainOptions,
): Promise<{ job: TrainJob; found?: Readonly<Record<string, unknown>> }> {
  if (lr !== AUTO) return { job };
  const finding = await findRate(context, gpu, job, { cache });
  context.report.field("lr auto", `${formatRate(finding.rate)}: ${explainChoice(finding, job.config.metric)}`);
  return {
    job: { ...job, config: { ...job.config, learningRate: finding.rate } },
    found: { learningRate: recordOfFinding(finding) },
  };
}

/** Goes on with an unfinished run, as it was begun. */
async function resumeTraining(
  context: Context,
  folder: string,
  dir: string | undefined,
  options: TrainOptions,
): Promise<void> {
  const start = performance.now();
  const found = await RunFolder.resume(folder);
  if (found.finished) {
    if (options.json) context.report.printJson({ run: folder, finished: true });
    context.report.field(
      "finished",
      `${printableName(folder)} is finished, its model is written; there is nothing to resume`,
    );
    return;
  }
  const { run, snapshot } = found;
  const calibrate = options.calibrate ?? isToBeCalibrated(found.config);
  try {
    const given = { ...configFromOptions({ ...options }), ...(dir !== undefined && { data: dir }) };
    const config = await resolveConfig(given, path.join(folder, "config.json"));
    const job = await prepareTraining(context, settleModel(config, options.cache), {}, options);
    for (const { file, reason } of job.data.skipped) await run.record({ type: "skipped", file, reason });
    await withGpu(options, async (gpu, reopenGpu) => {
      reportJob(context, gpu, job);
      context.report.field("resumed", describePosition(snapshot));
      const { otherGpu: acceptOtherGpu = false } = options;
      // A snapshot has its own.
      const choices = snapshot ? undefined : await run.readKernels(ownerOf(gpu, version), acceptOtherGpu);
      const { data, weights } = recordedConfig(job);
      const target = { gpu, reopenGpu, run, snapshot, acceptOtherGpu, places: { data, weights } };
      await trainIntoRun(context, { ...job, choices }, target, { ...options, calibrate }, start);
    });
  } finally {
    await run.close();
  }
  context.signal.throwIfAborted();
}

function describePosition(snapshot: Snapshot | undefined): string {
  if (!snapshot) return "nothing was saved yet; the run begins anew in its folder";
  const { epoch, step } = snapshot.position;
  if (step > 0) return `after step ${step} of epoch ${epoch + 1}`;
  return epoch > 0 ? `after epoch ${epoch}` : "from the first epoch";
}

export function reportJob({ report }: Context, gpu: Gpu, { config, model, data, weights, origin }: TrainJob): void {
  report.field("adapter", describeAdapter(gpu));
  const { title } = model.card;
  report.field("model", title === model.name ? title : `${model.name}: ${title}`);
  report.field("weights", origin === "shipped" ? `${weights}, which comes with tlx` : weights);
  reportData(report, data, config);
}

async function showPlan(context: Context, gpu: Gpu, job: TrainJob, { cache, json }: TrainOptions): Promise<void> {
  const { config, data } = job;
  const { classes, train: trained, val, skipped } = data;
  const prepared = prepareJob(inputOf(job));
  const phases = prepared.phases.map(({ name, epochs }) => ({ name, epochs }));
  const shown = { ...describePlan(prepared.plan), phases };
  reportPlan(context.report, shown);
  const found = await forecast(context, { gpu, job: prepared, data, cache });
  reportForecast(context, found);
  if (!json) return;
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
