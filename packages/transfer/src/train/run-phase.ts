/** One phase of a run on one device: compile, feed, train epoch by epoch, measure. */
import { type Gpu, RunLog, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import { isBetter } from "./best-epoch.js";
import type { Comparison } from "./certificate.js";
import type { Evaluation } from "./evaluate.js";
import type { TrainEvent } from "./events.js";
import type { Feed } from "./feed.js";
import { fitBatch } from "./fit-batch.js";
import type { Job } from "./job.js";
import { chooseSource, openFeeds, type PhaseFeeds } from "./phase-feeds.js";
import { PhaseWork } from "./phase-work.js";
import type { Phase } from "./phases.js";
import type { TrainingPlan } from "./plan-training.js";
import { type BestEpoch, type Progress, snapshotOf } from "./progress.js";
import type { Saving } from "./saving.js";
import { compileTail, type TailPrograms } from "./tail-programs.js";
import { timeSteps } from "./time-steps.js";
import { type StepRun, startOfEpoch } from "./train-epoch.js";

/** What ended a phase. */
export type PhaseEnd = "finished" | "patience" | "interrupted";

export interface PhaseOutcome {
  readonly end: PhaseEnd;
  readonly progress: Progress;
  /** The samples that could be measured on. */
  readonly val: Feed["table"];
  /** Of the best epoch; undefined when another phase follows. */
  readonly evaluation?: Evaluation;
  /** What the tail has and training does not change, as it is on the device. */
  readonly frozen?: Weights;
  /** Of a step, and of one that trains everything; null unless it was to be measured. */
  readonly gpuMs?: Comparison | null;
}

/** Runs phase `progress.phase` from where `progress` stands; the last one ends with the evaluation of the best epoch. */
export async function* runPhase(
  gpu: Gpu,
  job: Job,
  from: Progress,
  saving: Saving,
): AsyncGenerator<TrainEvent, PhaseOutcome> {
  const { input, settings, phases } = job;
  const { signal } = input;
  const phase = phases[from.phase] as Phase;
  const isLast = from.phase === phases.length - 1;
  const planOf = (size: number): TrainingPlan => job.planPhase(phase, size, from.tensors);
  const { plan, size, parts } = fitBatch(planOf, settings, gpu.capabilities, input.choices);
  const choice = chooseSource(plan, settings, input.train.length);
  yield {
    type: "phase",
    ...{ index: from.phase, phases: phases.length, name: phase.name, epochs: phase.epochs },
    ...{ ...choice, featureWidth: plan.featureWidth, partSize: size },
  };
  let feeds: PhaseFeeds | undefined;
  let programs: TailPrograms | undefined;
  let log: RunLog<StepRun> | undefined;
  try {
    programs = await compileTail(gpu, plan.tail, settings, parts > 1, {
      ...{ weights: from.tensors, choices: input.choices },
    });
    const kernels = saving.checkKernels(programs, from);
    feeds = yield* openFeeds(gpu, job, plan, choice, size);
    const samples = await saving.checkSamples(feeds, from);
    log = new RunLog(gpu, 2, feeds.ahead);
    const run = new PhaseWork({ gpu, job, phase, plan, programs, feeds, log, size });
    let progress: Progress = { ...from, kernels, samples };
    let end: PhaseEnd = "finished";
    while (progress.epoch < phase.firstEpoch + phase.epochs && end === "finished") {
      const epoch = progress.epoch + 1;
      const start = performance.now();
      const made = yield* run.epoch(epoch, progress, saving);
      if (!made) {
        if (!progress.best) signal?.throwIfAborted();
        end = "interrupted";
        break;
      }
      const { measured, loss, learningRate, scale } = made;
      checkLoss(loss + measured.val.loss, epoch, settings.learningRate);
      const improved = !progress.best || isBetter(measured.val, progress.best, settings.metric);
      const { val, trainAccuracy } = measured;
      const best: BestEpoch = improved
        ? { epoch, trainAccuracy, accuracy: val.accuracy, loss: val.loss, weights: measured.weights, val }
        : progress.best!;
      progress = { ...progress, epoch, pass: { ...startOfEpoch, scale }, best };
      const epochs = phases.reduce((sum, p) => sum + p.epochs, 0);
      const ms = performance.now() - start;
      if (saving.isNews("epoch", epoch)) {
        yield {
          ...{ type: "epoch", epoch, epochs, learningRate, loss, trainAccuracy },
          ...{ valLoss: val.loss, valAccuracy: val.accuracy, best: improved, ms },
        };
      }
      if (saving.isNews("checkpoint", epoch)) {
        yield { type: "checkpoint", epoch, best: improved, weights: measured.weights };
      }
      // Phases before the last only prepare it.
      const waited = epoch - Math.max(best.epoch, phase.firstEpoch);
      if (isLast && settings.patience > 0 && waited >= settings.patience) end = "patience";
      const ends = end !== "finished" || epoch === phase.firstEpoch + phase.epochs;
      if (saving.isDue() && !ends) {
        progress = { ...progress, tensors: await run.tensors() };
        yield { type: "snapshot", snapshot: saving.keep(snapshotOf(progress, saving.identity)) };
      }
    }
    if (!isLast && signal?.aborted) end = "interrupted"; // the next phase would not begin
    progress = { ...progress, tensors: isLast ? progress.tensors : await run.changed() };
    const val = feeds.val.table;
    if (!isLast && end === "finished") return { end, progress, val };
    const best = progress.best as BestEpoch;
    const evaluation = best.val ?? (await run.evaluate(best.weights));
    const frozen = await run.frozen();
    // Last of all: it goes on training.
    const gpuMs = settings.timeSteps ? await timeSteps(gpu, job, programs, parts) : null;
    return { end, progress, val, evaluation, frozen, gpuMs };
  } finally {
    log?.dispose();
    programs?.dispose();
    await feeds?.dispose();
  }
}

function checkLoss(loss: number, epoch: number, learningRate: number): void {
  if (Number.isFinite(loss)) return;
  throw new TlxError(
    "E_DIVERGED",
    `train: expected a number as loss, found ${loss} in epoch ${epoch}; try a smaller learning rate than ${learningRate}`,
  );
}
