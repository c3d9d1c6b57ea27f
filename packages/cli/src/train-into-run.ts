/** A training that is written to a run folder as it goes. */
import { TlxError } from "@tlx/kernels";
import { type Snapshot, type TrainConfig, type TrainInput, type TrainResult, train } from "@tlx/transfer";
import { decodeAll, diskFeatures, type RunFolder } from "@tlx/transfer/node";
import { calibrateResult, uncalibrated } from "./calibrate-result.js";
import type { Context } from "./context.js";
import { type OnlookerOptions, Onlookers } from "./onlookers.js";
import { quoteForShell } from "./printable.js";
import { reportAfter } from "./report-after.js";
import { type CacheOptions, identify, inputOf, type TrainJob } from "./train-job.js";
import { printResult, TrainReporter } from "./train-report.js";

/** What a training runs on and writes to, and from where it goes on. */
export interface TrainTarget extends Required<Pick<TrainInput, "gpu" | "reopenGpu">> {
  readonly run: RunFolder;
  readonly snapshot: Snapshot | undefined;
  /** The snapshot may be of another GPU. */
  readonly acceptOtherGpu?: boolean;
  /** Of a resumed run: where its pictures and weights are now. */
  readonly places?: Pick<TrainConfig, "data" | "weights">;
}

/** What comes after a training. */
interface WrittenOptions {
  readonly json?: boolean;
  readonly calibrate?: boolean;
  /** Default true. */
  readonly report?: boolean;
}

/** Trains, says how it goes, and writes the run. */
export async function trainIntoRun(
  context: Context,
  job: TrainJob,
  target: TrainTarget,
  { json, cache, calibrate, tensorboard, report: withReport = true }: CacheOptions & OnlookerOptions & WrittenOptions,
  start: number,
): Promise<void> {
  const { report, signal } = context;
  const { run } = target;
  try {
    const reporter = new TrainReporter(report, Math.ceil(job.data.train.length / job.config.batch));
    const onlookers = await Onlookers.open(context, run.folder, job, { tensorboard });
    const trained = await trainAndReport(context, job, cache, { reporter, onlookers }, target);
    await onlookers.finish(trained);
    const { result, record, beside } = await (calibrate ? calibrateResult(context, trained) : uncalibrated(trained));
    await run.finish(result.gpu, result, beside);
    const { model, gpu } = result;
    const page = withReport
      ? await reportAfter(context, gpu, { folder: run.folder, model, ...(job.choices && { choices: job.choices }) })
      : undefined;
    const seconds = (performance.now() - start) / 1000;
    const calibration = calibrate && { calibration: record ?? null };
    if (json)
      report.printJson(
        summarize(run, result, {
          seconds,
          features: reporter.features,
          warnings: onlookers.warnings,
          report: page ?? null,
          ...calibration,
        }),
      );
    else printResult(report, run.folder, result);
    report.field("done", `in ${seconds.toFixed(1)} s; now try: tlx predict --run ${quoteForShell(run.folder)} FILE`);
  } catch (error) {
    const goesOn = signal.aborted || (error instanceof TlxError && ["E_DEVICE", "E_DATA"].includes(error.code));
    if (goesOn && run.isResumable) {
      report.say(`the state is saved; go on from there with: tlx train --resume ${quoteForShell(run.folder)}`);
    }
    throw error;
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
  job: TrainJob,
  cache: string | false | undefined,
  { reporter, onlookers }: { readonly reporter: TrainReporter; readonly onlookers: Onlookers },
  { gpu, reopenGpu, run, snapshot, acceptOtherGpu, places }: TrainTarget,
): Promise<TrainResult> {
  const pictures = onlookers.pictures((samples, { skip }) => decodeAll(samples, { signal, skip }));
  const events = train({
    ...{ ...inputOf(job), gpu, reopenGpu, pictures, signal },
    openFeatures: cache === false ? undefined : diskFeatures(cache),
    identity: await identify(job),
    ...(snapshot && { resume: snapshot, acceptOtherGpu }),
  });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      await run.record(value);
      // They are the right ones: the trainer has compared.
      if (value.type === "plan" && places) await run.relocate(places);
      reporter.show(value);
      await onlookers.see(value);
    }
  } catch (error) {
    if (signal.aborted && cache !== false && !run.isResumable) {
      report.say("nothing was trained yet; the features so far are in the cache, the same command goes on from there");
    }
    throw error;
  } finally {
    reporter.end();
    // Ends what the generator still holds where this loop was left by an error of its own.
    await events.return(undefined as never);
  }
}
