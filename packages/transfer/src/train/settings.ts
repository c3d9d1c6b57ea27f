import { TlxError } from "@tlx/kernels";

/** Every choice of a run. `defaultTrainSettings` holds the defaults. */
export interface TrainSettings {
  /** Passes over the training samples. */
  readonly epochs: number;
  /** Samples per step. */
  readonly batch: number;
  /** Of AdamW. */
  readonly learningRate: number;
  /** Of AdamW; per step, a param shrinks by learningRate x weightDecay of itself. */
  readonly weightDecay: number;
  /** Of the order of samples: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Pictures per pass of the frozen base. */
  readonly extractBatch: number;
}

export const defaultTrainSettings: TrainSettings = {
  epochs: 30,
  batch: 32,
  learningRate: 1e-3,
  weightDecay: 1e-2,
  seed: 1,
  extractBatch: 8,
};

interface Rule {
  readonly expected: string;
  holds(value: number): boolean;
}

const count: Rule = { expected: "a whole number of at least 1", holds: (v) => Number.isSafeInteger(v) && v >= 1 };

const rules: Readonly<Record<keyof TrainSettings, Rule>> = {
  epochs: count,
  batch: count,
  learningRate: { expected: "a number above 0", holds: (v) => Number.isFinite(v) && v > 0 },
  weightDecay: { expected: "a number of at least 0", holds: (v) => Number.isFinite(v) && v >= 0 },
  seed: { expected: "a whole number from 0 to 2^32 - 1", holds: (v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32 },
  extractBatch: count,
};

/** The settings of a run, defaults filled in. Throws E_USAGE for an unknown name or a value that cannot be used. */
export function completeSettings(given: Partial<TrainSettings> = {}): TrainSettings {
  const settings = { ...defaultTrainSettings, ...given };
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(rules, name)) {
      throw new TlxError("E_USAGE", `settings: expected ${Object.keys(rules).join(", ")}, found "${name}"`);
    }
    const { expected, holds } = rules[name as keyof TrainSettings];
    if (!holds(value)) throw new TlxError("E_USAGE", `settings: expected ${name} to be ${expected}, found ${value}`);
  }
  return settings;
}
