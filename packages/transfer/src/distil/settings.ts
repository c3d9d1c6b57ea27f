/** What a distillation can be told, with defaults. */
import { check, TlxError } from "@tlx/kernels";
import { nearestName } from "../nearest-name.js";
import { checkSetting, completeSettings, type TrainSettings } from "../train/settings.js";

/** Settings of a training that a distillation has too, with the same meaning. */
type Shared = Pick<
  TrainSettings,
  | ("epochs" | "batch" | "seed" | "learningRate" | "weightDecay" | "schedule" | "warmupEpochs" | "clipNorm")
  | ("averageDecay" | "augment" | "mixup" | "cutmix" | "inputSize" | "extractBatch" | "saveSteps")
>;

export interface DistilSettings extends Shared {
  /** Views of every picture that the teacher is asked about, once; epochs take them in turn. */
  readonly teacherViews: number;
  /** By which both sides' logits are divided: above 1, small probabilities count for more. */
  readonly temperature: number;
  /** Factor on the mean squared difference of the pooled features. */
  readonly featureWeight: number;
  /** Factor on the divergence of the logits. */
  readonly logitWeight: number;
  /** Share of the pictures that are measured on and not learnt from. */
  readonly heldOut: number;
}

const shared: Shared = {
  ...{ epochs: 100, batch: 64, seed: 1, learningRate: 2e-3, weightDecay: 0.02, schedule: "cosine", warmupEpochs: 2 },
  ...{ clipNorm: 5, averageDecay: 0, augment: "standard", mixup: 0, cutmix: 0.5, inputSize: 0 },
  ...{ extractBatch: 8, saveSteps: 0 },
};

export const defaultDistilSettings: DistilSettings = {
  ...shared,
  ...{ teacherViews: 8, temperature: 2, featureWeight: 10, logitWeight: 1, heldOut: 0.05 },
};

const sharedNames = Object.keys(shared) as (keyof Shared)[];

type OwnName = Exclude<keyof DistilSettings, keyof Shared>;

const own: Readonly<Record<OwnName, readonly [expected: string, holds: (value: number) => boolean]>> = {
  teacherViews: ["a whole number of at least 1", (v) => Number.isSafeInteger(v) && v >= 1],
  temperature: ["a number above 0", (v) => Number.isFinite(v) && v > 0],
  featureWeight: ["a number of at least 0", (v) => Number.isFinite(v) && v >= 0],
  logitWeight: ["a number of at least 0", (v) => Number.isFinite(v) && v >= 0],
  heldOut: ["a number above 0 and below 1", (v) => v > 0 && v < 1],
};

/** Defaults filled in. Throws E_USAGE for an unknown name and for a value that cannot be used. */
export function completeDistilSettings(given: Partial<DistilSettings> = {}): DistilSettings {
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(own, name)) checkOwn(name as OwnName, value);
    else if (sharedNames.includes(name as keyof Shared)) checkSetting(name, value);
    else throw unknown(name);
  }
  const { epochs = defaultDistilSettings.epochs } = given;
  // A default that few epochs contradict gives way.
  const warmupEpochs = Math.min(defaultDistilSettings.warmupEpochs, epochs);
  const settings = { ...defaultDistilSettings, warmupEpochs, ...given };
  completeSettings(Object.fromEntries(sharedNames.map((name) => [name, settings[name]])));
  check(
    settings.featureWeight + settings.logitWeight > 0,
    "E_USAGE",
    () => "distil: expected a feature weight or a logit weight above 0, found 0 for both: nothing would be learnt",
  );
  return settings;
}

function checkOwn(name: OwnName, value: unknown): void {
  const [expected, holds] = own[name];
  check(
    typeof value === "number" && holds(value),
    "E_USAGE",
    () => `distil: expected ${name} to be ${expected}, found ${JSON.stringify(value)}`,
  );
}

function unknown(name: string): TlxError {
  const known = [...sharedNames, ...Object.keys(own)];
  return new TlxError(
    "E_USAGE",
    `distil: there is no setting "${name}"; did you mean "${nearestName(name, known)}"? There are: ${known.join(", ")}`,
  );
}

/** Different views of a picture: a single one where pictures stay as they are. */
export const viewsOf = ({ augment, teacherViews }: DistilSettings): number => (augment === "none" ? 1 : teacherViews);

/** The same as a training's, for the programs and the draws that both have. */
export const asTrainSettings = ({
  teacherViews: views,
  temperature: _temperature,
  featureWeight: _featureWeight,
  logitWeight: _logitWeight,
  heldOut: _heldOut,
  ...rest
}: DistilSettings): TrainSettings => completeSettings({ ...rest, ...(rest.augment !== "none" && { views }) });
