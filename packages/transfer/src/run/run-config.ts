/** Everything that decides what a training gives, as config.json of its run holds it. */
import { TlxError } from "@tlx/kernels";
import type { OtherGpuEvent } from "../train/events.js";
import { checkSetting, completeSettings, type TrainSettings } from "../train/settings.js";

/** What is chosen beside the settings. */
export interface DataChoices {
  /** Folder of pictures; in a page the name under which they are kept. */
  readonly data: string | null;
  /** Name of the network, or path of its module; null where it is not settled yet. */
  readonly model: string | null;
  /** Path of the weights, or "none"; null: those that come with tlx, or in the cache folder. */
  readonly weights: string | null;
  /** File of which elements learn; null: all of a param that learns. */
  readonly elementMasks: string | null;
  readonly split: number;
}

export interface TrainConfig extends DataChoices, TrainSettings {}

/** Entry of `weights` for a network that learns from nothing. */
export const NO_WEIGHTS = "none";

/** Share of each class to measure on, unless told. */
export const DEFAULT_SPLIT = 0.2;

/** What made the run, which decides nothing. */
const provenance = "madeBy";

type Json = Readonly<Record<string, unknown>>;

/** The settings of a configuration, for the trainer. */
export function settingsOf({
  data: _data,
  model: _model,
  weights: _weights,
  elementMasks: _elementMasks,
  split: _split,
  ...settings
}: TrainConfig): TrainSettings {
  return settings;
}

/** What a network without weights needs: nothing in it is worth keeping as it is. */
const fromNothing: Partial<TrainConfig> = { unfreeze: "all", batchNorm: "train" };

/**
 * What was chosen, with `defaults` for the rest; with weights "none" everything learns, unless something else was chosen.
 * Throws E_USAGE for settings that contradict each other.
 */
export function completeConfig(chosen: Partial<TrainConfig>, defaults: TrainConfig): TrainConfig {
  const isBlank = { ...defaults, ...chosen }.weights === NO_WEIGHTS;
  const { epochs = defaults.epochs } = chosen;
  // A default that few epochs contradict gives way.
  const warmupEpochs = Math.min(defaults.warmupEpochs, epochs / 10);
  const config = { ...defaults, warmupEpochs, ...(isBlank && fromNothing), ...chosen };
  completeSettings(settingsOf(config));
  return config;
}

/** What a run keeps in config.json: --config takes it as it is. */
export const runConfig = (config: TrainConfig, madeBy: Json): Json => ({ ...config, [provenance]: madeBy });

/** The same without what made it. */
export function withoutProvenance({ [provenance]: _, ...entries }: Json): Json {
  return entries;
}

/** A run's config.json once it goes on on another GPU. */
export function continueConfig(config: Json, { now, epoch, step }: Omit<OtherGpuEvent, "type">): Json {
  const madeBy = (config[provenance] ?? {}) as Json;
  const before = Array.isArray(madeBy.otherGpus) ? madeBy.otherGpus : [];
  return { ...config, [provenance]: { ...madeBy, otherGpus: [...before, { adapter: now, epoch, step }] } };
}

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === "string";

const rules: Readonly<Record<keyof DataChoices, (value: unknown) => boolean>> = {
  data: isTextOrNull,
  model: isTextOrNull,
  weights: isTextOrNull,
  elementMasks: isTextOrNull,
  split: (value) => typeof value === "number",
};

/** What a run's config.json says. Throws E_USAGE for what is none, and for an entry that is not known or cannot be used. */
export function parseConfig(value: unknown): TrainConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TlxError("E_USAGE", "config.json: expected the choices of a training, found something else");
  }
  const entries = Object.entries(withoutProvenance(value as Json));
  for (const [name, entry] of entries) {
    if (!Object.hasOwn(rules, name)) checkSetting(name, entry);
    else if (!rules[name as keyof DataChoices](entry)) {
      throw new TlxError("E_USAGE", `config.json: ${name} cannot be ${JSON.stringify(entry)}`);
    }
  }
  const isChoice = ([name]: [string, unknown]): boolean => Object.hasOwn(rules, name);
  return {
    ...{ data: null, model: null, weights: null, elementMasks: null, split: DEFAULT_SPLIT },
    ...completeSettings(Object.fromEntries(entries.filter((entry) => !isChoice(entry)))),
    ...(Object.fromEntries(entries.filter(isChoice)) as Partial<DataChoices>),
  };
}
