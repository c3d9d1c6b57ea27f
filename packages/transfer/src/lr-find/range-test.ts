/**
 * Range test of learning rates: training steps on a copy of the network, the rate growing from step to step until the loss is
 * far above where it began. Only training samples are looked at, and nothing of the copy is left afterwards.
 *
 * Formula  rate[i] = first x (last / first)^((i - 1) / (steps - 1)), i from 1
 * Throws   as `train`, but not for a loss that is no number: that ends the test
 * Source   Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3; growth by a constant factor instead of
 *          a constant sum
 */
import { type Gpu, type LoggedRun, RunLog } from "@tlx/kernels";
import { GRADIENT_NORM, HYPER, optimizerHyper } from "@tlx/nn";
import { STEP } from "../models/head-dropout.js";
import { weighClasses } from "../train/class-weights.js";
import { planEpoch, runNumber, type StepInput, type StepPart } from "../train/epoch-steps.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import { fitBatch } from "../train/fit-batch.js";
import type { Job } from "../train/job.js";
import { LossScale } from "../train/loss-scale.js";
import { chooseSource, openFeeds, type PhaseFeeds } from "../train/phase-feeds.js";
import { compileTail, type TailPrograms } from "../train/tail-programs.js";
import { feedPart } from "../train/train-epoch.js";
import type { RangePoint } from "./read-curve.js";
import { Smoother } from "./smooth-losses.js";

export interface RangeOptions {
  /** A rate for each step. */
  readonly rates: readonly number[];
  /** Share of the smoothed loss that is kept from step to step. */
  readonly smoothing: number;
}

/** After every step. */
export interface RangeEvent extends RangePoint {
  readonly type: "range";
  /** From 1. */
  readonly step: number;
  readonly steps: number;
}

export interface RangeTest {
  readonly points: readonly RangePoint[];
  /** What ended it: the last rate, a loss far above the first, or one that is no number. */
  readonly end: "finished" | "diverged" | "not a number";
}

/** A smoothed loss this many times the first one ends the test. */
const DIVERGED = 1.5;
/** Steps whose mean the first loss is. */
const FIRST_STEPS = 3;

/** Of what learns in the end, on `job.input.train`. */
export async function* testRange(
  gpu: Gpu,
  job: Job,
  { rates, smoothing }: RangeOptions,
): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent | RangeEvent, RangeTest> {
  const { input, settings } = job;
  const phase = job.phases.at(-1)!;
  const { plan, size, parts } = fitBatch(
    (samples) => job.planPhase(phase, samples, new Map()),
    settings,
    gpu.capabilities,
    input.choices,
  );
  const choice = chooseSource(plan, settings, input.train.length);
  let programs: TailPrograms | undefined;
  let feeds: PhaseFeeds | undefined;
  let log: RunLog<StepPart> | undefined;
  try {
    programs = await compileTail(gpu, plan.tail, settings, parts > 1, { choices: input.choices });
    feeds = yield* openFeeds(gpu, job, plan, choice, size);
    log = new RunLog(gpu, 2, feeds.ahead);
    const { labels } = feeds.train.table;
    const steps: StepInput = {
      ...{ labels, size, settings, fill: plan.freeze.batchNorms.size > 0 },
      classWeights: weighClasses(labels, input.classes.length, settings.classWeights),
      imageSize: job.model.preprocess.crop,
      drawMixing: job.parts.mixing?.drawMixing,
    };
    return yield* growRate({ gpu, job, programs, feeds, log, steps }, rates, smoothing);
  } finally {
    log?.dispose();
    programs?.dispose();
    await feeds?.dispose();
  }
}

interface Running {
  readonly gpu: Gpu;
  readonly job: Job;
  readonly programs: TailPrograms;
  readonly feeds: PhaseFeeds;
  readonly log: RunLog<StepPart>;
  readonly steps: StepInput;
}

async function* growRate(
  { gpu, job, programs, feeds, log, steps }: Running,
  rates: readonly number[],
  smoothing: number,
): AsyncGenerator<RangeEvent, RangeTest> {
  const { settings, input } = job;
  const scale = new LossScale(settings.precision);
  const smoother = new Smoother(smoothing);
  const updating = programs.update ?? programs.step;
  const points: RangePoint[] = [];
  for (let epoch = 1; ; epoch++) {
    const parts = planEpoch(steps, epoch);
    let runs: LoggedRun<StepPart>[] = [];
    for await (const loading of feeds.train.batches(parts, epoch)) {
      const { part } = loading;
      if (part.first) input.signal?.throwIfAborted();
      const step = points.length + 1;
      const rate = rates[points.length]!;
      await loading.load(programs.step);
      feedPart(programs.step, part, scale.value);
      if (settings.dropout > 0) programs.step.write(STEP, Uint32Array.of(runNumber(parts, part, epoch)));
      const hyper = optimizerHyper(settings.optimizer, step, {
        ...settings,
        ...{ learningRate: rate, gradientScale: 1 / scale.value, first: part.first },
      });
      for (const program of new Set([programs.step, updating])) program.write(HYPER, hyper);
      const ends = part.last && programs.update ? programs.update : programs.step;
      if (ends !== programs.step) programs.step.run();
      const results = [programs.step.outputBinding("loss")];
      if (part.last) results.push(ends.outputBinding(GRADIENT_NORM));
      gpu.device.queue.submit([ends.encode(), log.record(part, results)]);
      runs.push(...(await log.rest()));
      if (!part.last) continue;
      const loss = runs.reduce((sum, { values }) => sum + values[0]!, 0) / scale.value;
      const norm = runs.at(-1)!.values[1]!;
      runs = [];
      // In half precision a gradient may be too large for the factor on the loss alone.
      const overflowed = !Number.isFinite(norm) && scale.overflow();
      if (!Number.isFinite(loss) || (!Number.isFinite(norm) && !overflowed)) return { points, end: "not a number" };
      const point = { rate, loss, smoothed: smoother.next(loss) };
      points.push(point);
      yield { type: "range", step, steps: rates.length, ...point };
      if (hasDiverged(points)) return { points, end: "diverged" };
      if (points.length === rates.length) return { points, end: "finished" };
      if (scale.decidesAfter(step)) scale.decide();
    }
  }
}

function hasDiverged(points: readonly RangePoint[]): boolean {
  if (points.length <= FIRST_STEPS) return false;
  const first = points.slice(0, FIRST_STEPS).reduce((sum, { loss }) => sum + loss / FIRST_STEPS, 0);
  return points.at(-1)!.smoothed > DIVERGED * first;
}
