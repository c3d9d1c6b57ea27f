import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import {
  type Checkpoint,
  type Dataset,
  defaultTrainSettings as defaults,
  type Model,
  type TrainEvent,
  type TrainResult,
  type TrainSettings,
  train,
} from "@tlx/transfer";
import { decodeAll, imageFolder, writeRun } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { findModelOrSuggest } from "../find-model.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import {
  type AdapterOptions,
  addAdapterOption,
  addDownloadOptions,
  jsonOption,
  modelOption,
  positiveNumber,
  type WeightsOptions,
  weightsOption,
  wholeNumber,
} from "../options.js";
import { printableName } from "../printable.js";
import type { Progress } from "../progress.js";
import type { Report } from "../report.js";
import { checkRunTarget, type RunTargetOptions, writeToTarget } from "../run-target.js";
import { version } from "../version.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface TrainOptions extends AdapterOptions, WeightsOptions, RunTargetOptions {
  readonly model: string;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly json?: boolean;
}

const help = `
DIR holds the pictures by class, some to train on and some, about a fifth, to measure on:
  DIR/train/daisy/1.jpg   DIR/train/tulip/2.jpg   DIR/val/daisy/3.jpg   DIR/val/tulip/4.jpg

The pretrained network stays as it is; it turns every picture into features once, and a new last layer learns the
classes from them. The run folder holds model/ (weights, classes), config.json, metrics.jsonl and skipped.jsonl.
The same GPU, driver, pictures and seed give the same bits.

Examples:
  $ tlx train flowers --weights mobilenet_v2.safetensors
  $ tlx train flowers --epochs 50 --lr 0.0003 --name slow
  $ tlx train flowers --out models/flowers --json > result.json
  $ tlx predict --run runs/train/flowers photo.jpg`;

export function trainCommand(context: Context): Command {
  const command = new Command("train")
    .description("Train a classifier for your own pictures on a pretrained network.")
    .argument("<dir>", "folder with train/CLASS/* and val/CLASS/*")
    .addOption(modelOption())
    .addOption(weightsOption())
    .addOption(
      new Option("--epochs <n>", "passes over the training pictures")
        .argParser(wholeNumber(1))
        .default(defaults.epochs),
    )
    .addOption(new Option("--batch <n>", "pictures per step").argParser(wholeNumber(1)).default(defaults.batch))
    .addOption(
      new Option("--lr <rate>", "learning rate of AdamW").argParser(positiveNumber()).default(defaults.learningRate),
    )
    .addOption(
      new Option("--weight-decay <x>", "weight decay of AdamW")
        .argParser(positiveNumber(true))
        .default(defaults.weightDecay),
    )
    .addOption(
      new Option("--seed <n>", "of the first weights and the order of pictures")
        .argParser(wholeNumber(0, 2 ** 32 - 1))
        .default(defaults.seed),
    )
    .addOption(new Option("--name <name>", "write to runs/train/NAME (default: the name of DIR; numbered if taken)"))
    .addOption(new Option("--out <dir>", "write to exactly this folder, which must not exist yet").conflicts("name"))
    .addOption(jsonOption("the result"));
  return addAdapterOption(addDownloadOptions(command))
    .addHelpText("after", help)
    .action((dir: string, options: TrainOptions) => runTraining(context, dir, options));
}

/** What the events of a run leave behind. */
interface Journal {
  readonly epochs: Extract<TrainEvent, { type: "epoch" }>[];
  readonly skipped: { file: string; reason: string }[];
}

async function runTraining(context: Context, dir: string, options: TrainOptions): Promise<void> {
  const { report, signal } = context;
  const start = performance.now();
  checkRunTarget(options);
  const model = findModelOrSuggest(options.model);
  const data = await imageFolder(dir);
  const { checkpoint, path } = await loadCheckpoint(context, model, options);
  const journal: Journal = { epochs: [], skipped: [...data.skipped] };
  const { result, adapter } = await withGpu(options, async (gpu) => {
    const adapter = describeAdapter(gpu);
    report.field("adapter", adapter);
    report.field("model", `${model.name}: ${model.card.title}`);
    report.field("weights", path);
    return { adapter, result: await trainAndReport(context, gpu, { model, checkpoint, data, options, journal }) };
  });
  signal.throwIfAborted();
  const run = await writeToTarget(options, dir, (run) =>
    writeRun(run, {
      model,
      batchNorm: result.backbone.form,
      classes: data.classes,
      weights: result.weights,
      config: {
        tlx: version,
        node: process.version,
        adapter,
        model: model.name,
        weights: path,
        data: dir,
        ...result.settings,
      },
      metrics: journal.epochs.map(({ type: _, ...metrics }) => metrics),
      skipped: journal.skipped,
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  if (options.json) {
    const { accuracy, loss } = result.val;
    report.printJson({
      run,
      model: model.name,
      accuracy,
      loss,
      trainAccuracy: result.trainAccuracy,
      classes: data.classes,
      epochs: journal.epochs.length,
      seconds,
      skipped: journal.skipped,
      settings: result.settings,
    });
  } else {
    printResult(report, run, result, data.classes);
  }
  report.field("done", `in ${seconds.toFixed(1)} s; now try: tlx predict --run ${run} FILE`);
}

interface TrainParts {
  readonly model: Model;
  readonly checkpoint: Checkpoint;
  readonly data: Dataset;
  readonly options: TrainOptions;
  readonly journal: Journal;
}

async function trainAndReport({ report, signal }: Context, gpu: Gpu, parts: TrainParts): Promise<TrainResult> {
  const { model, checkpoint, data, options, journal } = parts;
  const settings: Partial<TrainSettings> = {
    epochs: options.epochs,
    batch: options.batch,
    learningRate: options.lr,
    weightDecay: options.weightDecay,
    seed: options.seed,
  };
  const { classes, train: trainSamples, val } = data;
  const pictures: Parameters<typeof train>[0]["pictures"] = (samples) => decodeAll(samples, { signal });
  const events = train({ gpu, model, checkpoint, classes, train: trainSamples, val, pictures, settings, signal });
  let bar: Progress | undefined;
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      switch (value.type) {
        case "plan":
          reportPlan(report, value, data);
          break;
        case "skipped":
          journal.skipped.push({ file: value.file, reason: value.reason });
          report.warn(`skipped: ${value.reason}`);
          break;
        case "features":
          bar ??= report.progress({ label: `features of ${value.split}/` });
          bar.update(value.done, value.total);
          if (value.done < value.total) break;
          bar.end();
          bar = undefined;
          report.field("features", `${value.total} pictures of ${value.split}/`);
          break;
        case "epoch":
          journal.epochs.push(value);
          report.field("epoch", formatEpoch(value));
          break;
      }
    }
  } finally {
    bar?.end();
    // Ends what the generator still holds where this loop was left by an error of its own.
    await events.return(undefined as never);
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function formatEpoch(e: Extract<TrainEvent, { type: "epoch" }>): string {
  const count = String(e.epoch).padStart(String(e.epochs).length);
  return `${count} of ${e.epochs}   loss ${e.loss.toFixed(4)}   train ${percent(e.trainAccuracy)}   val ${percent(e.valAccuracy)} (loss ${e.valLoss.toFixed(4)})   ${e.ms.toFixed(0)} ms`;
}

/** Skipped files that are named before the rest is only counted. */
const maxNamed = 5;

function reportPlan(report: Report, plan: Extract<TrainEvent, { type: "plan" }>, data: Dataset): void {
  const trained = plan.trained.join(", ");
  report.field("trained", `${trained}: ${plan.featureWidth} features to ${data.classes.length} classes`);
  report.field("frozen", `${plan.frozen} tensors; every picture goes through them once`);
  report.field("pictures", formatCounts(data));
  const { skipped } = data;
  for (const { file, reason } of skipped.slice(0, maxNamed)) report.warn(`skipped ${printableName(file)}: ${reason}`);
  if (skipped.length > maxNamed) report.warn(`skipped ${skipped.length - maxNamed} more; skipped.jsonl will name them`);
}

/** Pictures by class and split. */
export function formatCounts({ classes, train, val }: Pick<Dataset, "classes" | "train" | "val">): string {
  const count = (samples: Dataset["train"], label: number): number => samples.filter((s) => s.label === label).length;
  const rows = classes.map((name, i) => [printableName(name), count(train, i), count(val, i)]);
  return formatTable(["class", "train", "val"], [...rows, ["all", train.length, val.length]]);
}

function printResult(report: Report, run: string, { val, valSamples }: TrainResult, classes: readonly string[]): void {
  const right = (label?: number): string => {
    const of = valSamples.flatMap((s, i) =>
      label === undefined || s.label === label ? [val.predicted[i] === s.label] : [],
    );
    const correct = of.filter(Boolean).length;
    return of.length === 0 ? "no readable picture" : `${percent(correct / of.length)}  (${correct} of ${of.length})`;
  };
  const rows = classes.map((name, label) => [printableName(name), right(label)]);
  report.print(formatTable(["class", "right in val/"], [...rows, ["all", right()]]));
  report.print(`run: ${printableName(run)}`);
}
