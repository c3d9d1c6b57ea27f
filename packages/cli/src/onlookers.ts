/** What looks on while a run is trained: warnings, kept in warnings.json, and TensorBoard's event files. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import {
  CopyWatch,
  confusionMatrix,
  type EpochEvent,
  findLeakage,
  METRIC_LINES,
  type PictureSource,
  prepareJob,
  type TrainEvent,
  type TrainingWarning,
  TrainingWatch,
  type TrainResult,
} from "@tlx/transfer";
import { replaceFile } from "@tlx/transfer/node";
import { Option } from "commander";
import type { Context } from "./context.js";
import { printableName } from "./printable.js";
import type { TrainingEvents } from "./tensorboard/training-events.js";
import { inputOf, recordedConfig, type TrainJob } from "./train-job.js";

export const WARNINGS = "warnings.json";

export interface OnlookerOptions {
  /** Writes for TensorBoard; a run that has been written so far goes on being it. */
  readonly tensorboard?: boolean;
}

export const tensorboardOption = (): Option =>
  new Option("--tensorboard", "write event files for TensorBoard too, to tensorboard/ of the run").helpGroup(
    "The run:",
  );

/** The JSON values of a file; none where there is no file or where it was cut short. */
const readLines = async <T>(file: string, parse: (text: string) => readonly T[]): Promise<readonly T[]> => {
  try {
    return parse(await readFile(file, "utf8"));
  } catch {
    return [];
  }
};

/** Loaded when it is wanted: few runs are. */
async function openEvents(folder: string, job: TrainJob): Promise<TrainingEvents> {
  const { TrainingEvents } = await import("./tensorboard/training-events.js");
  return TrainingEvents.open(folder, { ...recordedConfig(job) });
}

export class Onlookers {
  private readonly context: Context;
  private readonly folder: string;
  private readonly job: TrainJob;
  private readonly watch: TrainingWatch;
  private readonly copies: CopyWatch;
  private readonly events: TrainingEvents | undefined;
  private hasLooked = false;

  private constructor(
    context: Context,
    folder: string,
    job: TrainJob,
    watch: TrainingWatch,
    events: TrainingEvents | undefined,
  ) {
    this.context = context;
    this.folder = folder;
    this.job = job;
    this.watch = watch;
    this.events = events;
    this.copies = new CopyWatch(job.data);
  }

  /** Of the run in `folder`, which may be one that goes on. */
  static async open(
    context: Context,
    folder: string,
    job: TrainJob,
    { tensorboard }: OnlookerOptions,
  ): Promise<Onlookers> {
    const { data, checkpoint } = job;
    const classes = data.classes.map((name, label) => ({
      name,
      train: data.train.filter((sample) => sample.label === label).length,
    }));
    const epochs = await readLines<EpochEvent>(path.join(folder, METRIC_LINES), (text) =>
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => ({ type: "epoch", ...JSON.parse(line) })),
    );
    const warnings = await readLines<TrainingWarning>(path.join(folder, WARNINGS), JSON.parse);
    const watch = new TrainingWatch({
      ...{ classes, valPictures: data.val.length, settings: prepareJob(inputOf(job)).settings },
      ...{ pretrained: checkpoint !== "none", epochs, warnings },
    });
    const events =
      tensorboard || existsSync(path.join(folder, "tensorboard")) ? await openEvents(folder, job) : undefined;
    return new Onlookers(context, folder, job, watch, events);
  }

  /** What the run was warned of so far. */
  get warnings(): readonly TrainingWarning[] {
    return this.watch.warnings;
  }

  /** The same pictures, which are looked at as they pass. */
  pictures(source: PictureSource): PictureSource {
    return this.copies.watch(source);
  }

  async see(event: TrainEvent): Promise<void> {
    await this.events?.see(event);
    if (event.type === "epoch" && !this.hasLooked) await this.lookForCopies();
    await this.tell(this.watch.see(event));
  }

  /** At the end of the training. */
  async finish({ val, valSamples, classes, bestEpoch }: TrainResult): Promise<void> {
    const labels = valSamples.map((sample) => sample.label);
    await this.events?.finish(bestEpoch, confusionMatrix(labels, val.predicted, classes.length));
  }

  /** By the first epoch all pictures have passed. */
  private async lookForCopies(): Promise<void> {
    this.hasLooked = true;
    const { config, data } = this.job;
    const root = path.resolve(config.data as string);
    const groups = await this.copies.find();
    const nameOf = (file: string): string => printableName(path.relative(root, path.resolve(file)));
    await this.tell(this.watch.add(...findLeakage(groups, data.val.length, nameOf)));
  }

  private async tell(warnings: readonly TrainingWarning[]): Promise<void> {
    if (warnings.length === 0) return;
    for (const { message, advice } of warnings) this.context.report.warn(`${message}\n  try: ${advice}`);
    await replaceFile(path.join(this.folder, WARNINGS), `${JSON.stringify(this.watch.warnings, null, 2)}\n`);
  }
}
