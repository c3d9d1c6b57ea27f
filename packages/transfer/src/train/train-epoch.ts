import { HYPER, learningRateAt, optimizerHyper, type Program, type ScheduleOptions } from "@tlx/nn";
import { STEP } from "../models/head.js";
import { planEpoch, runNumber, type StepInput, type StepPart } from "./epoch-steps.js";
import type { Feed } from "./feed.js";
import { LossScale, type LossScaleState } from "./loss-scale.js";
import type { Phase } from "./phases.js";
import type { TrainSettings } from "./settings.js";
import type { TailPrograms } from "./tail-programs.js";

/** What a pass over the samples needs. */
export interface EpochInput {
  readonly programs: TailPrograms;
  readonly feed: Feed;
  /** Runs of the program whose results are waited for together: the queue holds a copy of what each of them was fed. */
  readonly ahead: number;
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

/** Learning rate at step `step` (from 1) of epoch `epoch` (from 1, over all phases). */
function rateAt({ settings, phase }: EpochInput, stepsPerEpoch: number, epoch: number, step: number): number {
  const [from, to] = phase.schedule;
  const total = (to - from) * stepsPerEpoch;
  const warmupSteps = Math.min(settings.warmupEpochs, to - from) * stepsPerEpoch;
  const options: ScheduleOptions = { ...settings, warmupSteps };
  return learningRateAt((epoch - 1 - from) * stepsPerEpoch + step, total, options);
}

/**
 * One pass over the samples in the order of `epoch` (from 1), from where `progress` stands. Yields when it is time to save, at
 * the end of a step whose results are known. Throws `NotFinite` in the middle of a step whose gradient is no number.
 */
export async function* trainEpoch(
  input: EpochInput,
  epoch: number,
  progress: EpochProgress,
): AsyncGenerator<EpochProgress, EpochSteps> {
  const { programs, feed, ahead, settings, phase, signal } = input;
  const parts = planEpoch(input.steps, epoch);
  const stepsPerEpoch = parts.at(-1)!.step;
  const scale = new LossScale(settings.precision, progress.scale);
  const updating = programs.update ?? programs.step;
  let { step, lossSum, weightSum } = progress;
  const pending: Promise<StepResult>[] = [];
  const settle = async (): Promise<void> => {
    for (const { part, loss, norm } of await Promise.all(pending.splice(0))) {
      // The factor can spoil a gradient, not a loss.
      if (!Number.isFinite(loss)) throw new NotFinite(part);
      if (norm !== undefined && !Number.isFinite(norm) && !scale.overflow()) throw new NotFinite(part);
      lossSum += loss * part.total;
    }
  };
  for await (const loading of feed.batches(
    parts.filter((part) => part.step > step),
    epoch,
  )) {
    const { part } = loading;
    if (signal?.aborted && part.first) break;
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
    programs.step.run();
    if (part.last) programs.update?.run();
    const result = readResult(programs.step, part.last ? updating : undefined, part, scale.value);
    result.catch(() => {});
    pending.push(result);
    if (part.last) {
      step = part.step;
      weightSum += part.total;
    }
    const decides = part.last && scale.decidesAfter(optimizerStep);
    const saves = part.last && input.savesAfter(part.step);
    if (pending.length >= ahead || decides || saves) await settle();
    if (decides) scale.decide();
    if (saves) yield { step, lossSum, weightSum, scale: scale.current };
  }
  await settle();
  const learningRate = rateAt(input, stepsPerEpoch, epoch, Math.max(1, step));
  return { loss: lossSum / weightSum, learningRate, scale: scale.current };
}

interface StepResult {
  readonly part: StepPart;
  readonly loss: number;
  /** Squared norm of the step's gradient, after its last part. */
  readonly norm: number | undefined;
}

async function readResult(
  step: Program,
  updating: Program | undefined,
  part: StepPart,
  factor: number,
): Promise<StepResult> {
  const [loss, norm] = await Promise.all([step.read("loss"), updating?.read("gradientNorm")]);
  return { part, loss: loss.data[0]! / factor, norm: norm?.data[0] };
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
