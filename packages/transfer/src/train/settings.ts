/** Every choice of a run in one table: default, what it means, what it may be. Help, --print-config and docs read it. */
import { TlxError } from "@tlx/kernels";
import type { AugmentName } from "../augment/presets.js";
import { nearestName } from "../nearest-name.js";

/** Every choice of a run; `settingDocs` says what each means, `defaultTrainSettings` holds the defaults. */
export interface TrainSettings {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly optimizer: "adamw" | "sgd";
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly schedule: "constant" | "cosine" | "one-cycle";
  readonly warmupEpochs: number;
  readonly unfreeze: string;
  readonly train: string;
  readonly freeze: string;
  readonly mask: string;
  readonly rates: string;
  readonly layerDecay: number;
  readonly baseRate: number;
  readonly batchNorm: "freeze" | "train";
  readonly headEpochs: number;
  readonly unfreezeEvery: number;
  readonly averageDecay: number;
  readonly mixup: number;
  readonly cutmix: number;
  readonly accumulate: number;
  readonly precision: "f32" | "f16";
  readonly saveSteps: number;
  readonly timeSteps: boolean;
  readonly augment: AugmentName;
  readonly views: number;
  readonly labelSmoothing: number;
  readonly classWeights: "none" | "auto";
  readonly clipNorm: number;
  readonly hidden: number;
  readonly dropout: number;
  readonly metric: "accuracy" | "loss";
  readonly patience: number;
  readonly inputSize: number;
  readonly extractBatch: number;
}

export type SettingName = keyof TrainSettings;
type SettingValue = TrainSettings[SettingName];

/** One setting for people. */
export interface SettingDoc {
  readonly name: SettingName;
  readonly default: SettingValue;
  /** One line. */
  readonly doc: string;
  /** What a number counts; empty where it has none. */
  readonly unit: string;
  /** What it may be, as an error says it. */
  readonly expected: string;
  /** All values of a setting that is a word. */
  readonly choices?: readonly string[];
}

interface Rule {
  readonly expected: string;
  readonly choices?: readonly string[];
  holds(value: unknown): boolean;
}

const number = (expected: string, holds: (value: number) => boolean): Rule => ({
  expected,
  holds: (value) => typeof value === "number" && Number.isFinite(value) && holds(value),
});
const whole = (least: number): Rule =>
  number(`a whole number of at least ${least}`, (v) => Number.isSafeInteger(v) && v >= least);
const oneOf = (...choices: string[]): Rule => ({
  expected: choices.map((c) => `"${c}"`).join(" or "),
  choices,
  holds: (value) => choices.includes(value as string),
});
const notNegative = number("a number of at least 0", (v) => v >= 0);
const share = number("a number from 0 to below 1", (v) => v >= 0 && v < 1);
const beta = number("a number from 0 to 4", (v) => v >= 0 && v <= 4);
const text: Rule = { expected: "a text", holds: (value) => typeof value === "string" };
const flag: Rule = { expected: "true or false", holds: (value) => typeof value === "boolean" };

type Entry<V> = readonly [value: V, rule: Rule, unit: string, doc: string];

const table: { readonly [K in SettingName]: Entry<TrainSettings[K]> } = {
  epochs: [30, whole(1), "epochs", "passes over the training pictures, at most"],
  batch: [32, whole(1), "pictures", "pictures per step"],
  seed: [
    1,
    number("a whole number from 0 to 2^32 - 1", (v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32),
    "",
    "of the order of pictures, of dropout and of a hidden layer's first weights",
  ],
  optimizer: ["adamw", oneOf("adamw", "sgd"), "", "how gradients move the weights"],
  learningRate: [1e-3, number("a number above 0", (v) => v > 0), "", "size of a step, before the schedule"],
  momentum: [0.9, share, "", "share of the last step that sgd keeps"],
  nesterov: [false, flag, "", "sgd looks ahead by its momentum"],
  weightDecay: [1e-2, notNegative, "", "per step, a weight shrinks by learning rate x this share of itself"],
  schedule: [
    "constant",
    oneOf("constant", "cosine", "one-cycle"),
    "",
    "the learning rate over the epochs: as it is, falling to 0, or rising first and then falling to nearly 0",
  ],
  warmupEpochs: [0, notNegative, "epochs", "over which the learning rate first rises from 0"],
  unfreeze: [
    "head",
    {
      expected: '"head", "last:N" or "all"',
      holds: (value) => typeof value === "string" && /^(head|all|last:[1-9]\d*)$/.test(value),
    },
    "",
    "what learns: the new head alone, the last N blocks and the head, or everything",
  ],
  train: ["", text, "", "what learns besides; patterns such as features.14-18.** with commas between"],
  freeze: ["", text, "", "what does not learn after all, the head too if it is named; patterns"],
  mask: [
    "",
    text,
    "",
    "what gradients are multiplied by, 0 to 1: pattern=0.5, or path[0:8]=0 for output channels 0 to 7",
  ],
  rates: ["", text, "", "learning rates relative to the head's, in place of base rate and layer decay: pattern=0.1"],
  layerDecay: [
    1,
    number("a number above 0 and at most 1", (v) => v > 0 && v <= 1),
    "",
    "a block learns at this share of the learning rate of the block after it",
  ],
  baseRate: [
    0.1,
    number("a number above 0", (v) => v > 0),
    "",
    "learning rate of pretrained layers relative to the head's",
  ],
  batchNorm: [
    "freeze",
    oneOf("freeze", "train"),
    "",
    "freeze: as pretrained, statistics and affine; train: in layers that learn, with the statistics of the batch",
  ],
  headEpochs: [0, whole(0), "epochs", "before the others in which only the new head learns"],
  unfreezeEvery: [0, whole(0), "epochs", "until one more block joins what learns, the last first; 0: all at once"],
  averageDecay: [
    0,
    share,
    "",
    "moving average of the weights that is kept and measured: share it keeps a step; 0 is off",
  ],
  mixup: [0, beta, "", "blend pairs of training pictures, by shares from Beta(x, x); 0 is off"],
  cutmix: [0, beta, "", "paste a rectangle of another training picture, its area from Beta(x, x); 0 is off"],
  accumulate: [1, whole(1), "parts", "a batch is computed in, one after the other, to need less memory"],
  precision: ["f32", oneOf("f32", "f16"), "", "numbers in which values are kept for the way back; sums are always f32"],
  saveSteps: [
    0,
    whole(0),
    "steps",
    "between saved states, from which a killed run goes on; 0 saves one every 10 seconds",
  ],
  timeSteps: [
    false,
    flag,
    "",
    "measure the time of a step on the GPU, and of one that trains every layer, for the certificate",
  ],
  augment: [
    "none",
    oneOf("none", "light", "standard", "strong"),
    "",
    "random changes of the training pictures: crop, rotation, flip, colour, erasing",
  ],
  views: [
    0,
    whole(0),
    "views",
    "of a picture, drawn once, that epochs take in turn and whose features are kept; 0: a new one every epoch",
  ],
  labelSmoothing: [0, share, "", "share of every target that is spread over all classes"],
  classWeights: ["none", oneOf("none", "auto"), "", "auto: pictures of rare classes weigh more"],
  clipNorm: [0, notNegative, "", "longest gradient of a step; 0 is no limit"],
  hidden: [0, whole(0), "units", "of a hidden layer with relu in the new head; 0 is a linear head"],
  dropout: [0, share, "", "share of what the last layer reads that is dropped in training"],
  metric: ["accuracy", oneOf("accuracy", "loss"), "", "validation figure that chooses the best epoch and stops early"],
  patience: [0, whole(0), "epochs", "without improvement before training stops; 0 is never"],
  inputSize: [0, whole(0), "pixels", "height and width of the pictures that the network sees; 0: what it was made for"],
  extractBatch: [8, whole(1), "pictures", "per pass of the frozen network"],
};

const names = Object.keys(table) as SettingName[];

/** All settings in the order in which people should read them. */
export const settingDocs: readonly SettingDoc[] = names.map((name) => {
  const [value, { expected, choices }, unit, doc] = table[name];
  return { name, default: value, doc, unit, expected, ...(choices && { choices }) };
});

export const defaultTrainSettings: TrainSettings = Object.fromEntries(
  names.map((name) => [name, table[name][0]]),
) as unknown as TrainSettings;

const show = (value: unknown): string =>
  typeof value === "string" || typeof value === "object" ? JSON.stringify(value) : String(value);

/** Throws E_USAGE for an unknown name and for a value that cannot be used. */
export function checkSetting(name: string, value: unknown): void {
  if (!Object.hasOwn(table, name)) {
    throw new TlxError(
      "E_USAGE",
      `settings: there is no "${name}"; did you mean "${nearestName(name, names)}"? There are: ${names.join(", ")}`,
    );
  }
  const { expected, holds } = table[name as SettingName][1];
  if (holds(value)) return;
  throw new TlxError("E_USAGE", `settings: expected ${name} to be ${expected}, found ${show(value)}`);
}

/**
 * The settings of a run, defaults filled in.
 * Throws E_USAGE for an unknown name, a value that cannot be used, and settings that contradict each other.
 */
export function completeSettings(given: Partial<TrainSettings> = {}): TrainSettings {
  for (const [name, value] of Object.entries(given)) checkSetting(name, value);
  const settings = { ...defaultTrainSettings, ...given };
  checkTogether(settings);
  return settings;
}

function checkTogether({ optimizer, momentum, nesterov, warmupEpochs, epochs, augment, views }: TrainSettings): void {
  const refuse = (message: string): never => {
    throw new TlxError("E_USAGE", `settings: ${message}`);
  };
  if (optimizer !== "sgd" && momentum !== defaultTrainSettings.momentum) {
    refuse(`momentum is of sgd, found the optimizer "${optimizer}"; leave one out`);
  }
  if (nesterov && optimizer !== "sgd") refuse(`nesterov is of sgd, found the optimizer "${optimizer}"; choose one`);
  if (nesterov && momentum === 0) refuse("nesterov needs a momentum above 0, found 0");
  if (warmupEpochs > epochs) {
    refuse(`expected warmupEpochs of at most the ${epochs} epochs, found ${warmupEpochs}`);
  }
  if (views > 0 && augment === "none")
    refuse(`views are of augment, found augment "none" and ${views} views; choose one`);
}
