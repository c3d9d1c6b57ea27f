/** What tuning found, as it is kept from run to run: for one adapter, driver and version of tlx. */
import type { Gpu, VariantSettings } from "@tlx/kernels";
import type { TunedChoice } from "@tlx/nn";
import { describeDevice } from "../features/feature-key.js";

/** By problem. */
export type TunedChoices = ReadonlyMap<string, TunedChoice>;

/** Where choices are kept. What cannot be read is as good as nothing, and is told. */
export interface TunedStore {
  /** For people: a path or the name of a database. */
  readonly place: string;
  /** What is known for this adapter; `warn` is told of what had to be left out. */
  load(warn: (message: string) => void): Promise<TunedChoices>;
  /** Adds `choices` to what is there. */
  add(choices: TunedChoices): Promise<void>;
}

/** Whose choices they are: those of another adapter, driver or version of tlx are of no use. */
export interface TunedOwner {
  readonly adapter: string;
  readonly tlx: string;
}

export const ownerOf = (gpu: Gpu, tlx: string): TunedOwner => ({ adapter: describeDevice(gpu), tlx });

/** JSON value of choices and whose they are. */
export interface TunedRecord extends TunedOwner {
  readonly format: "tlx-kernels";
  readonly version: 1;
  readonly choices: Readonly<Record<string, TunedChoice>>;
}

export const recordOf = (owner: TunedOwner, choices: TunedChoices): TunedRecord => ({
  ...{ format: "tlx-kernels", version: 1, ...owner },
  choices: Object.fromEntries([...choices].sort(([a], [b]) => (a < b ? -1 : 1))),
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSettings = (value: unknown): value is VariantSettings =>
  isObject(value) && Object.values(value).every((v) => typeof v === "number" && Number.isFinite(v));

function isChoice(value: unknown): value is TunedChoice {
  if (!isObject(value)) return false;
  const { variant, settings, kernels } = value;
  return typeof variant === "string" && typeof kernels === "string" && (settings === undefined || isSettings(settings));
}

/** What `value`, a record, holds for `owner`; otherwise in words why it is of no use. */
export function readRecord(value: unknown, owner: TunedOwner): TunedChoices | string {
  if (!isObject(value) || value.format !== "tlx-kernels") return "it holds no kernel choices";
  if (value.version !== 1) return `it is of version ${String(value.version)}, this tlx knows version 1`;
  if (value.adapter !== owner.adapter || value.tlx !== owner.tlx) return "it is of another adapter or version of tlx";
  if (!isObject(value.choices) || !Object.values(value.choices).every(isChoice)) return "it is damaged";
  return new Map(Object.entries(value.choices)) as TunedChoices;
}
