/** One phase of a run on one device: compile, feed, train epoch by epoch, measure. */
import { bytesOf, type Capabilities, type Gpu, TlxError } from "@tlx/kernels";
import { lowerGraph, type Weights } from "@tlx/nn";
import { isBetter } from "./best-epoch.js";
import type { Comparison } from "./certificate.js";
import type { Evaluation } from "./evaluate.js";
import type { TrainEvent } from "./events.js";
import type { Feed } from "./feed.js";
import type { Job } from "./job.js";
import { chooseSource, openFeeds, type PhaseFeeds } from "./phase-feeds.js";
import { PhaseWork } from "./phase-work.js";
import type { Phase } from "./phases.js";
import { type BestEpoch, type Progress, snapshotOf } from "./progress.js";
import type { Saving } from "./saving.js";
import { compileTail, type TailPrograms, trainingGraphs } from "./tail-programs.js";
import { timeSteps } from "./time-steps.js";
import { startOfEpoch } from "./train-epoch.js";

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

/** The plan of a phase for as many samples per run as the bindings of the device hold. */
function planForDevice(job: Job, phase: Phase, capabilities: Capabilities, tensors: Weights) {
  const { batch, accumulate } = job.settings;
  for (let parts = Math.min(accumulate, batch); ; parts++) {
    const size = Math.ceil(batch / parts);
    const plan = job.planPhase(phase, size, tensors);
    const { step } = trainingGraphs(plan.tail, job.settings, parts > 1);
    const bound = lowerGraph(step, capabilities).flatMap(({ node, lowered }) => [
      ...[...node.inputs, ...node.outputs].map(({ spec }) => spec),
      ...(lowered.scratch ?? []),
    ]);
    const fits = bound.every((spec) => bytesOf(spec) <= capabilities.maxStorageBufferBindingSize);
    // Where one sample does not fit either, the compiler says so better.
    if (fits || size === 1) return { plan, size, accumulates: parts > 1 };
  }
}

/** Runs phase `progress.phase` from where `progress` stands; `last` ends with the evaluation of the best epoch. */
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
  const { plan, size, accumulates } = planForDevice(job, phase, gpu.capabilities, from.tensors);
  const choice = chooseSource(plan, settings, input.train.length);
  yield {
    type: "phase",
    ...{ index: from.phase, phases: phases.length, name: phase.name, epochs: phase.epochs },
    ...{ ...choice, featureWidth: plan.featureWidth, partSize: size },
  };
  let feeds: PhaseFeeds | undefined;
  let programs: TailPrograms | undefined;
  try {
    programs = await compileTail(gpu, plan.tail, settings, accumulates, from.tensors);
    const kernels = saving.checkKernels(programs, from);
    feeds = yield* openFeeds(gpu, job, plan, choice, size);
    const run = new PhaseWork({ gpu, job, phase, plan, programs, feeds, size });
    let progress: Progress = { ...from, kernels };
    let end: PhaseEnd = "finished";
    while (progress.epoch < phase.firstEpoch + phase.epochs && end === "finished") {
      const epoch = progress.epoch + 1;
      const start = performance.now();
      const steps = yield* run.train(epoch, progress, saving);
      if (signal?.aborted) {
        if (!progress.best) signal.throwIfAborted();
        end = "interrupted";
        break;
      }
      const { loss, learningRate, scale } = steps;
      const measured = await run.measure();
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
      if (isLast && settings.patience > 0 && epoch - best.epoch >= settings.patience) end = "patience";
      const ends = end !== "finished" || epoch === phase.firstEpoch + phase.epochs;
      if (saving.isDue() && !ends) {
        progress = { ...progress, tensors: await run.tensors() };
        yield { type: "snapshot", snapshot: saving.keep(snapshotOf(progress, saving.identity)) };
      }
    }
    progress = { ...progress, tensors: isLast ? progress.tensors : await run.changed() };
    const val = feeds.val.table;
    if (!isLast && end === "finished") return { end, progress, val };
    const best = progress.best as BestEpoch;
    const evaluation = best.val ?? (await run.evaluate(best.weights));
    const frozen = await run.frozen();
    // Last of all: it goes on training.
    const gpuMs = settings.timeSteps ? await timeSteps(gpu, job, programs, size) : null;
    return { end, progress, val, evaluation, frozen, gpuMs };
  } finally {
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
