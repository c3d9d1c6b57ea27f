/** What a run is, decided before a GPU is opened and unchanged until its end. */
import { check, TlxError } from "@tlx/kernels";
import type { Sample } from "../data/dataset.js";
import type { FreezePlan } from "../freeze/freeze-plan.js";
import { narrowFreeze } from "../freeze/resolve.js";
import { withInputSize } from "../models/input-size.js";
import { type LoadedBackbone, loadBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import { checkParts, type TrainParts } from "./parts.js";
import { type Phase, planPhases } from "./phases.js";
import { changedPaths, planTraining, type TrainingPlan } from "./plan-training.js";
import { completeSettings, type TrainSettings } from "./settings.js";
import type { JobInput, TrainInput } from "./trainer.js";

export interface Job<I extends JobInput = TrainInput> {
  readonly input: I;
  readonly parts: TrainParts;
  readonly settings: TrainSettings;
  readonly source: LoadedBackbone;
  /** For pictures of the size that was asked for. */
  readonly model: Model;
  /** Of what learns in the end, for a whole batch. */
  readonly plan: TrainingPlan;
  readonly phases: readonly Phase[];
  /** Paths of all that training changes in the end: trained params and running statistics. */
  readonly changed: ReadonlySet<string>;
  /** The plan of a phase, for `batch` samples per run, starting from what earlier phases left. */
  planPhase(phase: Phase, batch: number, start: TrainingPlan["weights"]): TrainingPlan;
  /** The plan of training every layer, to compare with, for `batch` samples per run. */
  planEverything(batch: number): TrainingPlan;
}

/** Throws E_DATA, E_USAGE, E_SHAPE and E_WEIGHTS for samples, settings, masks and weights that cannot be used. */
export function prepareJobWith<I extends JobInput>(parts: TrainParts, input: I): Job<I> {
  checkSamples(input);
  const { checkpoint, classes, elements } = input;
  const pretrained = checkpoint !== "none";
  // A network without knowledge has nothing that is worth keeping as it is.
  const fallback: Partial<TrainSettings> = pretrained ? {} : { unfreeze: "all", batchNorm: "train" };
  const wanted = completeSettings({ ...fallback, ...input.settings });
  checkParts(parts, wanted, input);
  const settings = { ...wanted, batch: Math.min(wanted.batch, input.train.length) };
  const model = withInputSize(input.model, settings.inputSize);
  const source = checkpoint === "none" ? parts.startBackbone!(model, settings.seed) : loadBackbone(model, checkpoint);
  const about = { parts, model, source, classes: classes.length, settings, pretrained };
  const plan = planTraining({ ...about, ...(elements && { elements }) });
  const { params, trainable } = plan.freeze;
  const head = new Set([...trainable].filter((path) => path.startsWith(`${model.headPath}.`)));
  const blockOf = (path: string): string | undefined => params.get(path)?.block;
  const phases = planPhases({ trainable, head, blockOf, settings });
  return {
    ...{ input, parts, settings, model, source, plan, phases, changed: changedPaths(plan) },
    planPhase(phase, batch, start) {
      const freeze: FreezePlan = narrowFreeze(plan.freeze, plan.graph, (path) => phase.trainable.has(path));
      return planTraining({ ...about, freeze, start, batch });
    },
    planEverything(batch) {
      const all = { ...settings, unfreeze: "all", train: "", freeze: "", mask: "", rates: "" };
      return planTraining({ ...about, settings: all, batch });
    },
  };
}

function checkSamples({ classes, train, val }: JobInput): void {
  check(
    classes.length >= 2,
    "E_DATA",
    () => `train: expected two or more classes, found ${classes.length}; add pictures of another class`,
  );
  for (const [split, samples] of Object.entries({ train, val })) {
    check(samples.length > 0, "E_DATA", () => `train: expected samples for ${split}, found none; add pictures`);
    const odd = samples.find(({ label }) => !Number.isInteger(label) || label < 0 || label >= classes.length);
    check(
      odd === undefined,
      "E_USAGE",
      () =>
        `train: expected labels from 0 to ${classes.length - 1}, an index into the classes, found ${odd!.label} for "${odd!.file}" of ${split}`,
    );
  }
}

/** Throws E_DATA when a class has no sample left. */
export function checkEveryClass(classes: readonly string[], samples: readonly Sample[]): void {
  const seen = new Set(samples.map((s) => s.label));
  const missing = classes.find((_, label) => !seen.has(label));
  if (missing === undefined) return;
  throw new TlxError(
    "E_DATA",
    `train: expected a readable training picture of every class, found none of "${missing}"; add some`,
  );
}
