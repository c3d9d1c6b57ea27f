import type { Gpu, LoggedRun, RunLog } from "@tlx/kernels";
import { GRADIENT_NORM, HYPER, learningRateAt, optimizerHyper, type Program, type ScheduleOptions } from "@tlx/nn";
import { STEP } from "../models/head-dropout.js";
import { planEpoch, runNumber, type StepInput, type StepPart } from "./epoch-steps.js";
import type { Feed } from "./feed.js";
import { LossScale, type LossScaleState } from "./loss-scale.js";
import type { Phase } from "./phases.js";
import type { TrainSettings } from "./settings.js";
import type { TailPrograms } from "./tail-programs.js";

/** What a pass over the samples needs. */
export interface EpochInput {
  readonly gpu: Gpu;
  readonly programs: TailPrograms;
  readonly feed: Feed;
  /** Takes the loss and the squared norm of the gradient of every run, and bounds how many are under way. */
  readonly log: RunLog<StepRun>;
  readonly steps: StepInput;
  readonly phase: Phase;
  readonly settings: TrainSettings;
  /** Ends the pass after the step that is being worked on. */
  readonly signal?: AbortSignal;
  /** Called after every step: is it time to save? */
  readonly savesAfter: (step: number) => boolean;
}

/** How far a pass has come; a snapshot keeps it. */
export interface EpochProgress {
  /** Steps done. */
  readonly step: number;
  /** Of the losses so far, weighted by their samples, and of these weights. */
  readonly lossSum: number;
  readonly weightSum: number;
  readonly scale?: LossScaleState;
}

export const startOfEpoch: EpochProgress = { step: 0, lossSum: 0, weightSum: 0 };

/** What a pass tells of itself. */
export interface EpochSteps {
  /** Mean over the weighted samples. */
  readonly loss: number;
  /** Of the last step. */
  readonly learningRate: number;
  readonly scale: LossScaleState;
}

/** A gradient that is no number, and where it was found. */
export class NotFinite {
  readonly part: StepPart;
  constructor(part: StepPart) {
    this.part = part;
  }
}

/** A run of the training program whose results are awaited. */
export interface StepRun {
  readonly part: StepPart;
  /** On the loss, at its time. */
  readonly factor: number;
}

/** Learning rate at step `step` (from 1) of epoch `epoch` (from 1, over all phases). */
function rateAt({ settings, phase }: EpochInput, stepsPerEpoch: number, epoch: number, step: number): number {
  const [from, to] = phase.schedule;
  const total = (to - from) * stepsPerEpoch;
  const warmupSteps = Math.min(settings.warmupEpochs, to - from) * stepsPerEpoch;
  const options: ScheduleOptions = { ...settings, warmupSteps };
  return learningRateAt((epoch - 1 - from) * stepsPerEpoch + step, total, options);
}

/**
 * One pass over the samples in the order of `epoch` (from 1), from where `progress` stands. Yields when it is time to save or
 * the signal ends it, at the end of a step whose results are known. Throws `NotFinite` in the middle of a step whose gradient is no number.
 */
export async function* trainEpoch(
  input: EpochInput,
  epoch: number,
  progress: EpochProgress,
): AsyncGenerator<EpochProgress, EpochSteps> {
  const { gpu, programs, feed, log, settings, phase, signal } = input;
  const parts = planEpoch(input.steps, epoch);
  const stepsPerEpoch = parts.at(-1)!.step;
  const scale = new LossScale(settings.precision, progress.scale);
  const updating = programs.update ?? programs.step;
  let { step, lossSum, weightSum } = progress;
  const account = (runs: readonly LoggedRun<StepRun>[]): void => {
    for (const { note, values } of runs) {
      const { part, factor } = note;
      const loss = values[0]! / factor;
      // The factor can spoil a gradient, not a loss.
      if (!Number.isFinite(loss)) throw new NotFinite(part);
      if (part.last && !Number.isFinite(values[1]) && !scale.overflow()) throw new NotFinite(part);
      lossSum += loss * part.total;
    }
  };
  for await (const loading of feed.batches(
    parts.filter((part) => part.step > step),
    epoch,
  )) {
    const { part } = loading;
    if (signal?.aborted && part.first) {
      account(await log.rest());
      if (step > progress.step) yield { step, lossSum, weightSum, scale: scale.current };
      break;
    }
    await loading.load(programs.step);
    const optimizerStep = (epoch - 1 - phase.firstEpoch) * stepsPerEpoch + part.step;
    feedPart(programs.step, part, scale.value);
    if (settings.dropout > 0) programs.step.write(STEP, Uint32Array.of(runNumber(parts, part, epoch)));
    const hyper = optimizerHyper(settings.optimizer, optimizerStep, {
      ...settings,
      learningRate: rateAt(input, stepsPerEpoch, epoch, part.step),
      gradientScale: 1 / scale.value,
      // A young average must forget its start sooner.
      averageDecay: Math.min(settings.averageDecay, (1 + optimizerStep) / (10 + optimizerStep)),
      first: part.first,
    });
    for (const program of new Set([programs.step, updating])) program.write(HYPER, hyper);
    const ends = part.last && programs.update ? programs.update : programs.step;
    if (ends !== programs.step) programs.step.run();
    const results = [programs.step.outputBinding("loss")];
    if (part.last) results.push(ends.outputBinding(GRADIENT_NORM));
    gpu.device.queue.submit([ends.encode(), log.record({ part, factor: scale.value }, results)]);
    if (part.last) {
      step = part.step;
      weightSum += part.total;
    }
    const decides = part.last && scale.decidesAfter(optimizerStep);
    const saves = part.last && input.savesAfter(part.step);
    account(await (decides || saves ? log.rest() : log.next()));
    if (decides) scale.decide();
    if (saves) yield { step, lossSum, weightSum, scale: scale.current };
  }
  account(await log.rest());
  const learningRate = rateAt(input, stepsPerEpoch, epoch, Math.max(1, step));
  return { loss: lossSum / weightSum, learningRate, scale: scale.current };
}

/** Writes labels and weights; the gradient grows with the weights, so the factor of half precision goes in with them. */
export function feedPart(program: Program, { labels, weights, partners }: StepPart, factor: number): void {
  program.write("labels", labels);
  program.write(
    "weights",
    weights.map((w) => w * factor),
  );
  if (!partners) return;
  program.write("partnerLabels", partners.labels);
  program.write(
    "partnerWeights",
    partners.weights.map((w) => w * factor),
  );
}
