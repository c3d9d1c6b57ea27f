/**
 * Transfer learning: what is frozen runs in inference form, once per picture where nothing before it is random; the rest is
 * trained, in phases where that is asked for.
 *
 * The trainer is an async generator of events and prints nothing. Same adapter, driver, version, seed and kernel choices
 * give the same bits: sums have a fixed order, random numbers are hashes of seed and place, and pictures keep their order.
 */
import { type Gpu, type HostTensor, type KernelChoices, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import { describeDevice } from "../features/feature-key.js";
import type { LoadedBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";
import type { FreezeCertificate, StepCost } from "./certificate.js";
import { compareIdentity } from "./compare-identity.js";
import type { Evaluation } from "./evaluate.js";
import type { TrainEvent } from "./events.js";
import type { OpenFeatures, PictureSource } from "./extract-features.js";
import { type Job, prepareJobWith } from "./job.js";
import { adviseOtherGpu, moveSnapshot } from "./other-gpu.js";
import type { TrainParts } from "./parts.js";
import { describePlan } from "./plan-training.js";
import { type BestEpoch, type Progress, progressOf, snapshotOf, startOfRun } from "./progress.js";
import { type PhaseOutcome, runPhase } from "./run-phase.js";
import { Saving } from "./saving.js";
import type { TrainSettings } from "./settings.js";
import type { Snapshot } from "./snapshot.js";

/** What is trained, on what: all that a plan needs to know. */
export interface JobInput {
  readonly model: Model;
  /** Weights of the model; a classifier in it is passed over. "none": training begins from nothing. */
  readonly checkpoint: Checkpoint | "none";
  /** Names of two or more classes; `label` of a sample is an index into them. */
  readonly classes: readonly string[];
  /** At least one readable sample of every class. */
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  readonly settings?: Partial<TrainSettings>;
  /** Which elements of a param learn, by path: a tensor of its shape, 0 where an element stays as it is. */
  readonly elements?: ReadonlyMap<string, HostTensor>;
  /**
   * Which kernels compute which problems, as found by tuning. Default: what is likely the fastest. They are part of every
   * snapshot, and a resumed run uses those of its snapshot, unless it goes on on another GPU.
   */
  readonly choices?: KernelChoices;
}

export interface TrainInput extends JobInput {
  readonly gpu: Gpu;
  readonly pictures: PictureSource;
  /** Where features are kept between runs. Default: nowhere, they live in memory. */
  readonly openFeatures?: OpenFeatures;
  /** What else makes this run what it is, such as checksums of data and weights: a resumed run must have the same. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Where an earlier run was stopped: this one goes on from there. */
  readonly resume?: Snapshot;
  /** Lets `resume` be of another GPU. It goes on with the bits of this one, and with `choices`, which are tuned for this one. */
  readonly acceptOtherGpu?: boolean;
  /** Opens a device in place of one that was lost; training goes on from the last saved state. */
  readonly reopenGpu?: () => Promise<Gpu>;
  /**
   * Ends training after the step that is being worked on, with the best epoch so far; throws its reason if there is none, or
   * while a phase still looks through its pictures.
   */
  readonly signal?: AbortSignal;
}

/** A trained classifier without its certificate: what the epoch left behind that did best on the validation samples. */
export interface Trained {
  readonly model: Model;
  /** Names of the classes in the order of the logits. */
  readonly classes: readonly string[];
  /** As they were used, defaults included. */
  readonly settings: TrainSettings;
  /** All weights of the new network: what was frozen as it was loaded, and what was trained. */
  readonly weights: Weights;
  readonly backbone: LoadedBackbone;
  /** The pretrained tensors as their file stores them; undefined when there are none. */
  readonly stored: Checkpoint["tensors"] | undefined;
  /** The epoch, from 1, whose weights these are, chosen by `settings.metric`. */
  readonly bestEpoch: number;
  /** Epochs that were trained to their end. */
  readonly epochs: number;
  /** On the validation samples, after the best epoch. These samples chose it, so others may do a little worse. */
  readonly val: Evaluation;
  /** The validation samples that could be read, in the order of `val.predicted`. */
  readonly valSamples: readonly Sample[];
  /** Share of the training samples named right after the best epoch; of some of them where there are many. */
  readonly trainAccuracy: number;
  /** The device that training ended on: another one than it began on when that was lost. */
  readonly gpu: Gpu;
  /** Whether `signal` ended it. */
  readonly interrupted: boolean;
  /** What was trained, for the certificate. */
  readonly job: Job;
  /** Of a step, and of one that trains everything; null unless it was to be measured. */
  readonly gpuMs: StepCost["gpuMs"];
}

/** A trained classifier with its certificate. */
export interface TrainResult extends Omit<Trained, "job" | "gpuMs"> {
  /** Proof that nothing frozen moved. */
  readonly certificate: FreezeCertificate;
}

/** Losses of the device without progress in between after which a run gives up. */
const MOST_LOSSES = 3;

/**
 * Trains a classifier for `classes` with the parts of training that are given. Leaving the iteration early frees everything on the GPU.
 *
 * Throws   E_USAGE for settings or labels that cannot be used and for a snapshot of another run, E_DIVERGED for NaN or infinity,
 *          E_DATA for too few readable pictures or others than before, E_WEIGHTS for a checkpoint of another network, E_DEVICE
 *          when the device is lost and the same adapter cannot be opened again, the reason of `signal` when it comes before the
 *          end of the first epoch or while a phase looks through its pictures
 */
export async function* trainWith(parts: TrainParts, input: TrainInput): AsyncGenerator<TrainEvent, Trained> {
  const { choices: tuned, acceptOtherGpu } = input;
  const moved = input.resume && acceptOtherGpu && moveSnapshot(input.resume, describeDevice(input.gpu), tuned);
  const resume = moved ? moved.snapshot : input.resume;
  const job = prepareJobWith(parts, resume ? { ...input, choices: choicesOf(resume) } : input);
  const identity = identify(job);
  if (resume) compareIdentity(resume.identity, identity, adviseOtherGpu);
  if (moved) yield moved.event;
  yield { type: "plan", ...describePlan(job.plan), phases: job.phases.map(({ name, epochs }) => ({ name, epochs })) };
  const saving = new Saving(identity, job.settings.saveSteps, resume);
  const { choices } = job.input;
  const start: Progress = choices?.size ? { ...startOfRun, choices: Object.fromEntries(choices) } : startOfRun;
  let { gpu } = input;
  let losses = 0;
  let before = saving.last;
  for (;;) {
    try {
      return yield* runFrom(gpu, job, saving.last ? progressOf(saving.last) : start, saving);
    } catch (error) {
      if (!(error instanceof TlxError && error.code === "E_DEVICE" && input.reopenGpu)) throw error;
      losses = saving.last === before ? losses + 1 : 1;
      before = saving.last;
      if (losses > MOST_LOSSES) throw error;
      gpu = await reopen(input.reopenGpu, error);
      if (describeDevice(gpu) !== identity.adapter) {
        throw new TlxError(
          "E_DEVICE",
          "train: the device was lost and another adapter was opened in its place, which gives other bits; resume when the first is back",
        );
      }
      const { epoch, step } = saving.last?.position ?? { epoch: 0, step: 0 };
      const from =
        step > 0 ? `step ${step} of epoch ${epoch + 1}` : epoch > 0 ? `the end of epoch ${epoch}` : "the start";
      yield { type: "warning", message: `the device was lost and opened again; going on from ${from}` };
    }
  }
}

const choicesOf = (snapshot: Snapshot): KernelChoices => new Map(Object.entries(progressOf(snapshot).choices ?? {}));

async function reopen(open: () => Promise<Gpu>, lost: TlxError): Promise<Gpu> {
  try {
    return await open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TlxError(
      "E_DEVICE",
      `train: the device was lost (${lost.message}) and could not be opened again: ${reason}; resume when there is a device`,
      lost.details,
      error,
    );
  }
}

/** What a run must have in common with the one it goes on from. */
function identify({ input, settings, model }: Job): Snapshot["identity"] {
  const { saveSteps: _saves, timeSteps: _times, ...decisive } = settings; // these decide nothing
  return {
    ...input.identity,
    ...{ network: model.name, classes: input.classes, pictures: [input.train.length, input.val.length] },
    ...{ settings: decisive, adapter: describeDevice(input.gpu) },
  };
}

async function* runFrom(gpu: Gpu, job: Job, start: Progress, saving: Saving): AsyncGenerator<TrainEvent, Trained> {
  let progress = start;
  for (;;) {
    const outcome: PhaseOutcome = yield* runPhase(gpu, job, progress, saving);
    progress = outcome.progress;
    if (outcome.evaluation) return yield* finish(gpu, job, outcome, outcome.evaluation);
    const { kernels: _, ...rest } = progress;
    progress = { ...rest, phase: progress.phase + 1 };
    if (saving.isDue()) yield { type: "snapshot", snapshot: saving.keep(snapshotOf(progress, saving.identity)) };
  }
}

async function* finish(
  gpu: Gpu,
  job: Job,
  { end, progress, val: table, frozen = new Map(), gpuMs = null }: PhaseOutcome,
  val: Evaluation,
): AsyncGenerator<TrainEvent, Trained> {
  const { input, settings, model, source, plan } = job;
  const { epoch } = progress;
  const { epoch: bestEpoch, trainAccuracy, weights: trained } = progress.best as BestEpoch;
  if (end !== "finished") yield { type: "stopped", reason: end, epoch };
  yield { type: "done", epochs: epoch, bestEpoch, valAccuracy: val.accuracy, valLoss: val.loss };
  const weights = new Map([...plan.weights, ...frozen, ...trained]);
  const stored = input.checkpoint === "none" ? undefined : input.checkpoint.tensors;
  return {
    ...{ model, classes: input.classes, settings, weights, backbone: source, stored },
    ...{ bestEpoch, epochs: epoch, val, valSamples: table.samples, trainAccuracy },
    ...{ gpu, interrupted: end === "interrupted", job, gpuMs },
  };
}
