/** The trainings of a comparison, one after the other; those that the folder has are not made again. */
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  type ComparedRun,
  type Cost,
  describeDevice,
  describePlan,
  graphsOfTraining,
  type JobInput,
  measureStep,
  measureTraining,
  plannedBytes,
  prepareJob,
  settingsOf,
  type TrainInput,
  type TunedChoices,
} from "@tlx/transfer";
import { type CompareFolder, decodeAll, diskFeatures } from "@tlx/transfer/node";
import { settleModel } from "../choose-model.js";
import type { Context } from "../context.js";
import { resolveConfig } from "../train-config.js";
import { type CacheOptions, identify, inputOf, prepareTraining, type TrainJob } from "../train-job.js";
import { chooseKernels } from "../tuned-kernels.js";
import type { ComparisonProgress } from "./comparison-progress.js";
import { ProcessWatch } from "./process-watch.js";
import type { ConfiguredWay } from "./ways.js";

export interface TrainWaysInput {
  readonly gpu: Gpu;
  readonly reopenGpu: () => Promise<Gpu>;
  readonly folder: CompareFolder;
  readonly data: string;
  readonly ways: readonly ConfiguredWay[];
  readonly seeds: readonly number[];
  readonly options: CacheOptions;
  readonly progress: ComparisonProgress;
}

/** What ends a training and says something of its way; whatever else is thrown ends the comparison. */
const failures: readonly string[] = ["E_DIVERGED", "E_LIMIT"];

/** Every way with the first seed, then with the next: whoever stops has as many of each. Throws the reason of the signal. */
export async function trainWays(context: Context, input: TrainWaysInput): Promise<ComparedRun[]> {
  const { folder, data, ways, seeds, options, progress } = input;
  const { cache } = options;
  const runs: ComparedRun[] = [];
  let { gpu } = input;
  for (const seed of seeds) {
    for (const way of ways) {
      const given = { ...way.given, data, seed };
      const config = settleModel(await resolveConfig(given), cache);
      const untuned = await prepareTraining(context, config, given, options);
      const graphs = () => graphsOfTraining(prepareJob(inputOf(untuned)), gpu.capabilities);
      const job = { ...untuned, choices: await chooseKernels(context, gpu, graphs, { cache }) };
      const { model, strategy } = way;
      const name = `${model} ${strategy} ${seed}`;
      const identity = { ...(await identityOf(job, gpu, job.choices)), model, strategy, seed };
      const known = (await folder.read(name, identity)) as ComparedRun | undefined;
      if (known) {
        progress.keep(known);
        runs.push(known);
        continue;
      }
      const made = await trainOnce(context, job, { ...input, gpu }, way, seed);
      gpu = made.gpu;
      await folder.write(name, identity, made.run);
      progress.finish(made.run);
      runs.push(made.run);
    }
  }
  return runs;
}

/** All that decides what a training gives; where things lie and how often states are saved does not. */
async function identityOf(job: TrainJob, gpu: Gpu, choices: TunedChoices): Promise<Record<string, unknown>> {
  const { saveSteps: _saves, timeSteps: _times, ...settings } = settingsOf(job.config);
  return { ...(await identify(job)), settings, adapter: describeDevice(gpu), kernels: Object.fromEntries(choices) };
}

async function trainOnce(
  { report, signal }: Context,
  job: TrainJob,
  { gpu, reopenGpu, options: { cache }, progress, seeds }: TrainWaysInput,
  way: ConfiguredWay,
  seed: number,
): Promise<{ readonly run: ComparedRun; readonly gpu: Gpu }> {
  const { model, strategy } = way;
  const pictures: TrainInput["pictures"] = (samples, { skip }) => decodeAll(samples, { signal, skip });
  const openFeatures = cache === false ? undefined : diskFeatures(cache);
  const input: TrainInput = { ...inputOf(job), gpu, reopenGpu, pictures, signal, openFeatures };
  const watch = new ProcessWatch();
  try {
    const { measured, result } = await measureTraining(input, (event) => progress.show(event, way));
    if (result.interrupted) signal.throwIfAborted();
    const taken = watch.end();
    const costs = seed === seeds[0] ? { cost: await costOf(result.gpu, inputOf(job), (m) => report.warn(m)) } : {};
    return { run: { model, strategy, seed, measured, ...taken, ...costs }, gpu: result.gpu };
  } catch (error) {
    if (!(error instanceof TlxError && failures.includes(error.code))) throw error;
    return { run: { model, strategy, seed, failed: error.message.replace(/^train: /, "") }, gpu };
  } finally {
    watch.end();
    progress.end();
  }
}

async function costOf(gpu: Gpu, input: JobInput, warn: (message: string) => void): Promise<Cost> {
  const job = prepareJob(input);
  const known = { learns: describePlan(job.plan).trainedElements, gpuBytes: plannedBytes(job, gpu) };
  try {
    return { ...known, step: await measureStep(gpu, job) };
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    warn(`the time of a step cannot be measured: ${error.message}`);
    return { ...known, step: null };
  }
}
