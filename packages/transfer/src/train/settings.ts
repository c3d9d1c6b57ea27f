/** Every choice of a run: default, and what it may be. */
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
export type SettingValue = TrainSettings[SettingName];

/** What a setting may be. */
export interface SettingRule {
  readonly expected: string;
  readonly choices?: readonly string[];
  holds(value: unknown): boolean;
}

const number = (expected: string, holds: (value: number) => boolean): SettingRule => ({
  expected,
  holds: (value) => typeof value === "number" && Number.isFinite(value) && holds(value),
});
const whole = (least: number): SettingRule =>
  number(`a whole number of at least ${least}`, (v) => Number.isSafeInteger(v) && v >= least);
const oneOf = (...choices: string[]): SettingRule => ({
  expected: choices.map((c) => `"${c}"`).join(" or "),
  choices,
  holds: (value) => choices.includes(value as string),
});
const notNegative = number("a number of at least 0", (v) => v >= 0);
const share = number("a number from 0 to below 1", (v) => v >= 0 && v < 1);
const beta = number("a number from 0 to 4", (v) => v >= 0 && v <= 4);
const text: SettingRule = { expected: "a text", holds: (value) => typeof value === "string" };
const flag: SettingRule = { expected: "true or false", holds: (value) => typeof value === "boolean" };

type Entry<V> = readonly [value: V, rule: SettingRule];

const table: { readonly [K in SettingName]: Entry<TrainSettings[K]> } = {
  epochs: [30, whole(1)],
  batch: [32, whole(1)],
  seed: [1, number("a whole number from 0 to 2^32 - 1", (v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32)],
  optimizer: ["adamw", oneOf("adamw", "sgd")],
  learningRate: [1e-3, number("a number above 0", (v) => v > 0)],
  momentum: [0.9, share],
  nesterov: [false, flag],
  weightDecay: [1e-2, notNegative],
  schedule: ["constant", oneOf("constant", "cosine", "one-cycle")],
  warmupEpochs: [0, notNegative],
  unfreeze: [
    "head",
    {
      expected: '"head", "last:N" or "all"',
      holds: (value) => typeof value === "string" && /^(head|all|last:[1-9]\d*)$/.test(value),
    },
  ],
  train: ["", text],
  freeze: ["", text],
  mask: ["", text],
  rates: ["", text],
  layerDecay: [1, number("a number above 0 and at most 1", (v) => v > 0 && v <= 1)],
  baseRate: [0.1, number("a number above 0", (v) => v > 0)],
  batchNorm: ["freeze", oneOf("freeze", "train")],
  headEpochs: [0, whole(0)],
  unfreezeEvery: [0, whole(0)],
  averageDecay: [0, share],
  mixup: [0, beta],
  cutmix: [0, beta],
  accumulate: [1, whole(1)],
  precision: ["f32", oneOf("f32", "f16")],
  saveSteps: [0, whole(0)],
  timeSteps: [false, flag],
  augment: ["none", oneOf("none", "light", "standard", "strong")],
  views: [0, whole(0)],
  labelSmoothing: [0, share],
  classWeights: ["none", oneOf("none", "auto")],
  clipNorm: [0, notNegative],
  hidden: [0, whole(0)],
  dropout: [0, share],
  metric: ["accuracy", oneOf("accuracy", "loss")],
  patience: [0, whole(0)],
  inputSize: [0, whole(0)],
  extractBatch: [8, whole(1)],
};

const names = Object.keys(table) as SettingName[];

export const defaultTrainSettings: TrainSettings = Object.fromEntries(
  names.map((name) => [name, table[name][0]]),
) as unknown as TrainSettings;

/** What a setting may be. */
export const ruleOf = (name: SettingName): SettingRule => table[name][1];

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
