/** tlx pretrain --teacher: a network of one's own learns to see as a pretrained one does. */
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  type Checkpoint,
  completeDistilSettings,
  type DistilInput,
  type DistilResult,
  distil,
  keepPictures,
  type Model,
  NO_WEIGHTS,
  type Snapshot,
} from "@tlx/transfer";
import { type DistilConfig, DistilFolder, decodeAll, diskFeatures, hashFile, pictureFiles } from "@tlx/transfer/node";
import type { Command } from "commander";
import type { Context } from "./context.js";
import { DistilReporter, tellDistilled } from "./distil-report.js";
import { loadCheckpoint } from "./load-checkpoint.js";
import { isModulePath, loadModel } from "./load-model.js";
import type { AdapterOptions, WeightsOptions } from "./options.js";
import { printableName, quoteForShell } from "./printable.js";
import { checkRunTarget, createAtTarget, type RunTargetOptions } from "./run-target.js";
import { checkTeacherOptions, distilSettingsOf, type TeacherOptions } from "./teacher-options.js";
import { version } from "./version.js";
import { describeAdapter, withGpu } from "./with-gpu.js";

/** Of decoded pictures in memory: every epoch reads all of them. */
const KEPT_BYTES = 2 ** 30;

export interface DistilOptions extends TeacherOptions, AdapterOptions, Omit<WeightsOptions, "cache">, RunTargetOptions {
  readonly model?: string;
  readonly cache?: string | false;
  readonly saveSteps?: number;
  readonly json?: boolean;
}

/** Throws E_USAGE, E_DATA and E_WEIGHTS for what cannot be used. */
export async function runDistillation(
  context: Context,
  command: Command,
  dirs: readonly string[],
  options: DistilOptions,
): Promise<void> {
  const start = performance.now();
  checkTeacherOptions(command, options);
  if (dirs.length === 0) throw new TlxError("E_USAGE", "missing required argument 'dirs': the folders of pictures");
  const { teacher, teacherWeights, model } = options;
  if (teacher === undefined || model === undefined) {
    throw new TlxError("E_USAGE", "--teacher: name what learns by --model, such as tlx-nano or the path of a module");
  }
  checkRunTarget(options, "pretrain");
  const wanted = {
    ...{ teacher: lasting(teacher), teacherWeights, model: lasting(model), weights: startOf(options) },
    data: dirs.map((dir) => path.resolve(dir)),
    ...{ prune: options.prune ?? false, half: options.half ?? false, settings: distilSettingsOf(options) },
  };
  const job = await prepareDistillation(context, wanted, options);
  await withGpu(options, async (gpu) => {
    const madeBy = { tlx: version, node: process.version, adapter: describeAdapter(gpu) };
    const run = await createAtTarget(options, "pretrain", dirs[0] as string, (folder) =>
      DistilFolder.create(folder, job.config, madeBy),
    );
    await distilIntoRun(context, job, { gpu, run, snapshot: undefined }, options, start);
  });
}

/** Goes on with a distillation as it was begun; `options` are those that may be given beside --resume. */
export async function resumeDistillation(context: Context, folder: string, options: DistilOptions): Promise<void> {
  const start = performance.now();
  const found = await DistilFolder.resume(folder);
  if (found.finished) {
    if (options.json) context.report.printJson({ run: folder, finished: true });
    context.report.field(
      "finished",
      `${printableName(folder)} is finished, its model is written; there is nothing to resume`,
    );
    return;
  }
  const { run, snapshot, config } = found;
  try {
    const { saveSteps } = options;
    const settings = { ...config.settings, ...(saveSteps !== undefined && { saveSteps }) };
    const job = await prepareDistillation(context, { ...config, settings }, options);
    await withGpu(options, (gpu) => distilIntoRun(context, job, { gpu, run, snapshot }, options, start));
  } finally {
    await run.close();
  }
}

/** A name that means the same in another folder. */
const lasting = (model: string): string => (isModulePath(model) ? path.resolve(model) : model);

/** Path of what the student starts with. */
const startOf = ({ weights = NO_WEIGHTS }: DistilOptions): string | null =>
  weights === NO_WEIGHTS ? null : path.resolve(weights);

/** All that is known before a GPU is opened. */
interface DistilJob {
  readonly config: DistilConfig;
  readonly student: Model;
  readonly start: Checkpoint | undefined;
  readonly teacher: { readonly model: Model; readonly checkpoint: Checkpoint };
  readonly files: readonly string[];
}

type Wanted = Omit<DistilConfig, "teacherWeights"> & { readonly teacherWeights: string | undefined };

async function prepareDistillation(
  context: Context,
  wanted: Wanted,
  { cache, download, offline }: DistilOptions,
): Promise<DistilJob> {
  completeDistilSettings(wanted.settings);
  const student = await loadModel(wanted.model);
  const model = await loadModel(wanted.teacher);
  const files = (await Promise.all(wanted.data.map(pictureFiles))).flat();
  const weights = { weights: wanted.teacherWeights, cache: cache || undefined, download, offline };
  const found = await loadCheckpoint(context, model, weights);
  return {
    config: { ...wanted, teacherWeights: path.resolve(found.path) },
    student,
    start:
      wanted.weights === null
        ? undefined
        : (await loadCheckpoint(context, student, { weights: wanted.weights })).checkpoint,
    teacher: { model, checkpoint: found.checkpoint },
    // A folder in another one is read with both.
    files: [...new Set(files)],
  };
}

/** What a distillation runs on and writes to, and from where it goes on. */
interface DistilTarget {
  readonly gpu: Gpu;
  readonly run: DistilFolder;
  readonly snapshot: Snapshot | undefined;
}

async function distilIntoRun(
  context: Context,
  job: DistilJob,
  target: DistilTarget,
  options: DistilOptions,
  start: number,
): Promise<void> {
  const { report, signal } = context;
  const { run } = target;
  const { config, student } = job;
  try {
    reportJob(context, job, target);
    const result = await distilAndReport(context, await inputOf(job, target, options, signal), run);
    await run.finish(result, student.name, config.half);
    const seconds = (performance.now() - start) / 1000;
    tellDistilled(context, run.folder, student.name, result, { json: options.json, seconds });
  } catch (error) {
    const goesOn = signal.aborted || (error instanceof TlxError && ["E_DEVICE", "E_DATA"].includes(error.code));
    if (goesOn && run.isResumable) {
      report.say(`the state is saved; go on from there with: tlx pretrain --resume ${quoteForShell(run.folder)}`);
    }
    throw error;
  } finally {
    await run.close();
  }
}

function reportJob({ report }: Context, { config, student, teacher, files }: DistilJob, target: DistilTarget): void {
  report.field("adapter", describeAdapter(target.gpu));
  report.field("teacher", `${teacher.model.card.title}, ${config.teacherWeights}`);
  const begun = config.prune
    ? "from its teacher, pruned"
    : config.weights === null
      ? "from nothing"
      : `from ${printableName(config.weights)}`;
  report.field("student", `${student.card.title}, ${begun}`);
  report.field("pictures", `${files.length} in ${config.data.map(printableName).join(", ")}; they need no labels`);
  if (!target.snapshot) return;
  const { epoch, step } = target.snapshot.position;
  report.field("resumed", `after epoch ${epoch}${step > 0 ? ` and ${step} steps` : ""}`);
}

async function inputOf(
  { config, student, start, teacher, files }: DistilJob,
  { gpu, snapshot }: DistilTarget,
  { cache }: DistilOptions,
  signal: AbortSignal,
): Promise<DistilInput> {
  const { model, settings, teacherWeights, weights, prune } = config;
  return {
    ...{ gpu, student, start, prune, teacher, files, settings, signal },
    pictures: keepPictures((samples, { skip }) => decodeAll(samples, { signal, skip }), KEPT_BYTES),
    openFeatures: cache === false ? undefined : diskFeatures(cache),
    identity: {
      ...{ tlx: version, weights: await hashFile(teacherWeights) },
      ...(weights !== null && { start: await hashFile(weights) }),
      ...(isModulePath(model) && { module: await hashFile(model) }),
    },
    ...(snapshot && { resume: snapshot }),
  };
}

async function distilAndReport(context: Context, input: DistilInput, run: DistilFolder): Promise<DistilResult> {
  const events = distil(input);
  const reporter = new DistilReporter(context);
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      await run.record(value);
      reporter.show(value);
    }
  } finally {
    reporter.end();
    // Ends what the generator still holds where this loop was left by an error of its own.
    await events.return(undefined as never);
  }
}
