/** What a phase does again and again: train an epoch, measure, read back. */
import { type Gpu, type RunLog, TlxError } from "@tlx/kernels";
import type { Program, Weights } from "@tlx/nn";
import { STEP } from "../models/head-dropout.js";
import { weighClasses } from "./class-weights.js";
import { findNonFinite } from "./diagnose.js";
import { planEpoch, runNumber, type StepInput } from "./epoch-steps.js";
import { type Evaluation, evaluate } from "./evaluate.js";
import type { SnapshotEvent } from "./events.js";
import type { Job } from "./job.js";
import type { PhaseFeeds } from "./phase-feeds.js";
import type { Phase } from "./phases.js";
import { changedPaths, type TrainingPlan } from "./plan-training.js";
import { type Progress, snapshotOf } from "./progress.js";
import type { Saving } from "./saving.js";
import type { TailPrograms } from "./tail-programs.js";
import { type EpochSteps, feedPart, NotFinite, type StepRun, trainEpoch } from "./train-epoch.js";

export interface PhaseParts {
  readonly gpu: Gpu;
  readonly job: Job;
  readonly phase: Phase;
  readonly plan: TrainingPlan;
  readonly programs: TailPrograms;
  readonly feeds: PhaseFeeds;
  readonly log: RunLog<StepRun>;
  /** Samples per run of the tail. */
  readonly size: number;
}

export interface Measured {
  readonly trainAccuracy: number;
  readonly val: Evaluation;
  /** What was measured, of all that training changes. */
  readonly weights: Weights;
}

export class PhaseWork {
  private readonly parts: PhaseParts;
  private readonly steps: StepInput;
  /** Paths of what this phase changes, as `Params` has them. */
  private readonly paths: readonly string[];

  constructor(parts: PhaseParts) {
    const { job, plan, feeds, size } = parts;
    const { labels } = feeds.train.table;
    this.parts = parts;
    this.paths = [...changedPaths(plan)];
    this.steps = {
      ...{ labels, size, settings: job.settings, fill: plan.freeze.batchNorms.size > 0 },
      classWeights: weighClasses(labels, job.input.classes.length, job.settings.classWeights),
      imageSize: job.model.preprocess.crop,
      drawMixing: job.parts.mixing?.drawMixing,
    };
  }

  /** An epoch, trained and measured; undefined where the signal ended it. Throws as `train` does. */
  async *epoch(
    epoch: number,
    progress: Progress,
    saving: Saving,
  ): AsyncGenerator<SnapshotEvent, (EpochSteps & { readonly measured: Measured }) | undefined> {
    const { signal } = this.parts.job.input;
    try {
      const steps = yield* this.train(epoch, progress, saving);
      return signal?.aborted ? undefined : { ...steps, measured: await this.measure() };
    } catch (error) {
      // A source of pictures ends with the reason of the signal too.
      if (signal?.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }

  /** One epoch, with a snapshot whenever one is due. Throws E_DIVERGED with the layer when a number stops being one. */
  private async *train(epoch: number, progress: Progress, saving: Saving): AsyncGenerator<SnapshotEvent, EpochSteps> {
    const { gpu, job, phase, programs, feeds, log } = this.parts;
    const { settings, input } = job;
    const { train: feed } = feeds;
    const { signal } = input;
    const savesAfter = (step: number): boolean => saving.isDue(step);
    const passing = trainEpoch(
      { ...{ gpu, programs, feed, log, phase, settings, signal, savesAfter }, steps: this.steps },
      epoch,
      progress.pass,
    );
    try {
      for (;;) {
        const { done, value } = await passing.next();
        if (done) return value;
        const now = { ...progress, pass: value, tensors: await this.tensors() };
        yield { type: "snapshot", snapshot: saving.keep(snapshotOf(now, saving.identity)) };
      }
    } catch (error) {
      throw error instanceof NotFinite ? await this.explain(error, epoch) : error;
    } finally {
      await passing.return(undefined as never);
    }
  }

  private async explain({ part: { step } }: NotFinite, epoch: number): Promise<TlxError> {
    const { gpu, job, plan, programs, feeds } = this.parts;
    const { settings } = job;
    const parts = planEpoch(this.steps, epoch);
    const fills = parts
      .filter((part) => part.step === step)
      .map((part) => async (program: Program): Promise<void> => {
        for await (const { load } of feeds.train.batches([part], epoch)) await load(program);
        feedPart(program, part, 1);
        if (settings.dropout > 0) program.write(STEP, Uint32Array.of(runNumber(parts, part, epoch)));
      });
    const place = await findNonFinite(gpu, plan.tail, programs.params, settings, fills);
    return new TlxError(
      "E_DIVERGED",
      `train: expected numbers, found NaN or infinity in ${place} in step ${step} of epoch ${epoch}; try a smaller learning rate than ${settings.learningRate}, or --clip-norm 1`,
      { epoch, step, place },
    );
  }

  private async measure(): Promise<Measured> {
    const { programs, feeds, size } = this.parts;
    programs.refresh();
    const { accuracy: trainAccuracy } = await evaluate(programs.evaluation, feeds.trainCheck, size);
    const val = await evaluate(programs.evaluation, feeds.val, size);
    return { trainAccuracy, val, weights: await programs.evaluated.read(this.paths) };
  }

  /** Measures weights that training had once; what it had not changed by then is as it was in the beginning. */
  evaluate(weights: Weights): Promise<Evaluation> {
    const { job, programs, feeds, size } = this.parts;
    for (const path of this.paths) programs.evaluated.write(path, (weights.get(path) ?? job.plan.weights.get(path))!);
    return evaluate(programs.evaluation, feeds.val, size);
  }

  /** All that training has changed, with what the optimizer keeps. */
  tensors(): Promise<Weights> {
    return this.parts.programs.params.read([...this.paths, ...this.parts.programs.kept]);
  }

  /** What was there from the beginning and this phase does not change. */
  frozen(): Promise<Weights> {
    const { plan, programs } = this.parts;
    const changed = new Set(this.paths);
    const paths = [...plan.tail.weights.keys()].filter((path) => plan.weights.has(path) && !changed.has(path));
    return programs.params.read(paths);
  }

  /** What the next phase starts from. */
  changed(): Promise<Weights> {
    return this.parts.programs.params.read(this.paths);
  }
}
