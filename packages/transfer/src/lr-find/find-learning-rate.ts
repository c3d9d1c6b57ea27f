/**
 * Finds a learning rate for a training that has not begun, on copies of it: a range test tells where to look, then whole
 * trainings at the rates around it are measured on training pictures that they do not see. Validation pictures are not used.
 *
 * The state of the training is the same before and after; `state` of the finding proves it. Same adapter, driver, version, seed
 * and kernel choices give the same finding.
 */
import { TlxError } from "@tlx/kernels";
import { keepPictures } from "../data/keep-pictures.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import { openMemory } from "../train/extract-features.js";
import type { Job } from "../train/job.js";
import { prepareJob } from "../train/train.js";
import type { TrainInput } from "../train/trainer.js";
import { type ChoiceOptions, chooseRate, type RateScore, scoreRates } from "./choose-rate.js";
import { drawFolds, type Fold } from "./folds.js";
import { hashState, stateBefore } from "./hash-state.js";
import { planTrials, type TrialPlan } from "./plan-trials.js";
import { type RangeEvent, type RangeTest, testRange } from "./range-test.js";
import { geometricRates, nearestRung, rungAt } from "./rate-ladder.js";
import { type RangeMarks, readCurve } from "./read-curve.js";
import { runTrial, type Trial } from "./run-trial.js";
import { SharedFeatures } from "./share-features.js";

export interface RateSearch {
  /** Trials per rate, each with another part of the training pictures held out; 0: the range test alone. */
  readonly folds?: number;
  /** Epochs of a trial. */
  readonly epochs?: number;
  /** Of the range test. Default 100. */
  readonly steps?: number;
}

/** After every trial. */
export interface TrialEvent extends Trial {
  readonly type: "trial";
  readonly done: number;
  /** As far as is known: a best rate at the edge asks for one more. */
  readonly total: number;
}

export type RateEvent = SkippedEvent | WarningEvent | FeaturesEvent | RangeEvent | TrialEvent;

export interface RateFinding {
  /** The learning rate to train with. */
  readonly rate: number;
  /**
   * What the range test points at: where the loss fell fastest. Layers below the head bear less, so where they learn it is no
   * more than a tenth of the rate at which the loss was lowest.
   */
  readonly expected: number;
  readonly range: RangeTest & { readonly marks: RangeMarks };
  /** By rate, the lowest first; empty without trials. */
  readonly trials: readonly RateScore[];
  readonly plan: TrialPlan;
  /** SHA-256 of the state of the training, which is the same. */
  readonly state: { readonly before: string; readonly after: string };
}

const STEPS = 100;
const SMOOTHING = 0.9;
/** By optimizer: AdamW moves a weight by about the rate, SGD by the rate times its gradient. */
const RANGES = { adamw: [1e-6, 1], sgd: [1e-6, 10] } as const;
/** Rates to each side of what the range test says that are tried at once, and one by one where the best is at the edge. */
const AROUND = 2;
const BEYOND = 3;
/** Of decoded pictures that are kept between trials. */
const PICTURE_BYTES = 2 ** 28;

/**
 * `input` as it would be trained; its learning rate is not used.
 * Throws as `train`, and E_DATA for a class of a single picture and for a loss that is no number from the start.
 */
export async function* findLearningRate(
  input: TrainInput,
  search: RateSearch = {},
): AsyncGenerator<RateEvent, RateFinding> {
  const { resume: _resume, ...fresh } = input;
  const job = prepareJob(fresh);
  const before = await hashState(stateBefore(job));
  const wanted = planTrials(job, search);
  const folds =
    wanted.folds === 0 ? [] : drawFolds(input.classes, input.train, { count: wanted.parts, seed: job.settings.seed });
  // A small class allows fewer.
  const plan = { ...wanted, folds: Math.min(wanted.folds, folds.length), parts: folds.length };
  const features = new SharedFeatures(input.openFeatures ?? openMemory);
  const copy: TrainInput = {
    ...{ ...fresh, openFeatures: features.open, pictures: keepPictures(input.pictures, PICTURE_BYTES) },
  };
  try {
    const range = yield* testOnTraining(copy, job, search.steps ?? STEPS);
    const marks = readCurve(range.points);
    const expected = plan.headOnly ? marks.steepest : Math.min(marks.steepest, marks.tenth);
    const choice = { metric: job.settings.metric, expected, trust: plan.trust };
    const scores = yield* tryAround(copy, { choice, plan, folds: folds.slice(0, plan.folds) });
    const rate = scores.length > 0 ? chooseRate(scores, choice).rate : rungAt(nearestRung(expected));
    const after = await hashState(stateBefore(job));
    return { rate, expected, range: { ...range, marks }, trials: scores, plan, state: { before, after } };
  } finally {
    await features.close();
  }
}

/** The range test, which wants no pictures to measure on. */
async function* testOnTraining(
  input: TrainInput,
  { settings }: Job,
  steps: number,
): AsyncGenerator<RateEvent, RangeTest> {
  const job = prepareJob({ ...input, val: input.train.slice(0, 1) });
  const [from, to] = RANGES[settings.optimizer];
  return yield* testRange(input.gpu, job, { rates: geometricRates(from, to, steps), smoothing: SMOOTHING });
}

interface Trying {
  readonly choice: ChoiceOptions;
  readonly plan: TrialPlan;
  readonly folds: readonly Fold[];
}

/** Trials at the rates around the expected one, going on to where they get better. */
async function* tryAround(input: TrainInput, { choice, plan, folds }: Trying): AsyncGenerator<RateEvent, RateScore[]> {
  if (folds.length === 0) return [];
  const trials: Trial[] = [];
  let total = (2 * AROUND + 1) * folds.length;
  const tryRung = async function* (rung: number): AsyncGenerator<RateEvent> {
    for (const [index, fold] of folds.entries()) {
      const trial = yield* runTrial(input, { rate: rungAt(rung), fold, index, ...plan.trial });
      trials.push(trial);
      yield { type: "trial", ...trial, done: trials.length, total };
    }
  };
  const middle = nearestRung(choice.expected);
  let [low, high] = [middle - AROUND, middle + AROUND];
  for (let rung = low; rung <= high; rung++) yield* tryRung(rung);
  for (let more = 0; more < BEYOND; more++) {
    const best = nearestRung(chooseRate(scoreRates(trials), choice).rate);
    if (best > low && best < high) break;
    total += folds.length;
    yield* tryRung(best === low ? --low : ++high);
  }
  const scores = scoreRates(trials);
  if (scores.some(({ loss }) => Number.isFinite(loss))) return scores;
  throw new TlxError(
    "E_DIVERGED",
    `lr-find: expected a rate that trains, found none from ${rungAt(low)} to ${rungAt(high)}; try --clip-norm 1`,
  );
}
