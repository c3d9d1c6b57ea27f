/** Everything that decides what a training gives: flag before config file before default, each name checked. */
import { readFile } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import {
  checkSetting,
  completeConfig,
  type DataChoices,
  DEFAULT_SPLIT,
  type SettingDoc,
  settingDocs,
  type TrainConfig,
  withoutProvenance,
} from "@tlx/transfer";
import { closest } from "fastest-levenshtein";
import { defaultModel, shippedModel } from "./options.js";

export type ConfigName = keyof TrainConfig;

/** One entry of the configuration for people. */
export interface ConfigDoc extends Omit<SettingDoc, "name" | "default"> {
  readonly name: ConfigName;
  readonly default: TrainConfig[ConfigName];
}

const isName = (value: unknown): boolean => typeof value === "string" && value !== "";
const isNameOrNull = (value: unknown): boolean => value === null || isName(value);

interface DataRule extends ConfigDoc {
  readonly name: keyof DataChoices;
  holds(value: unknown): boolean;
}

const dataRules: readonly DataRule[] = [
  {
    ...{ name: "data", default: null, unit: "", doc: "folder of pictures by class; the argument DIR" },
    ...{ expected: "a path or null", holds: isNameOrNull },
  },
  {
    ...{
      name: "model",
      default: null,
      unit: "",
      doc: `network by name, see tlx models, or the path of a module that exports one; null: ${defaultModel}, or ${shippedModel} where no weights are given and the cache has none of ${defaultModel}`,
    },
    ...{ expected: "the name of a network, the path of a module or null", holds: isNameOrNull },
  },
  {
    ...{
      name: "weights",
      default: null,
      unit: "",
      doc: "its weights, a file of safetensors or of what tlx import reads, or none to begin from nothing; without it what comes with tlx or is in the cache folder",
    },
    ...{ expected: "a path, none or null", holds: isNameOrNull },
  },
  {
    ...{
      name: "elementMasks",
      default: null,
      unit: "",
      doc: "safetensors file of which elements of params learn; docs/fine-tuning.md",
    },
    ...{ expected: "a path or null", holds: isNameOrNull },
  },
  {
    ...{
      name: "split",
      default: DEFAULT_SPLIT,
      unit: "",
      doc: "share of each class to measure on, where DIR has no val/; drawn by the seed",
    },
    expected: "a number above 0 and below 1",
    holds: (value) => typeof value === "number" && value > 0 && value < 1,
  },
];

/** Name, default and meaning of every entry, in the order in which people should read them. */
export const configDocs: readonly ConfigDoc[] = [...dataRules, ...settingDocs];

/** The same entries with other defaults. */
export const docsWith = (defaults: Partial<TrainConfig>): readonly ConfigDoc[] =>
  configDocs.map((doc) => ({ ...doc, default: defaults[doc.name] ?? doc.default }));

const names = configDocs.map((d) => d.name);

/** "weightDecay" -> "weight-decay": the name of the flag without its dashes. */
export const flagOf = (name: ConfigName): string => flags[name] ?? name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

const flags: Readonly<Partial<Record<ConfigName, string>>> = { learningRate: "lr", batchNorm: "batchnorm" };

function nearest(found: string): string {
  const asFlag = names.find((name) => flagOf(name) === found.toLowerCase().replaceAll("_", "-"));
  return asFlag ?? closest(found.slice(0, 100), names);
}

/** Throws E_USAGE for a name that is none, with the nearest one, and for a value that cannot be used. */
export function checkEntry(name: string, value: unknown): void {
  const rule = dataRules.find((r) => r.name === name);
  if (rule) {
    if (rule.holds(value)) return;
    throw new TlxError("E_USAGE", `expected ${name} to be ${rule.expected}, found ${JSON.stringify(value)}`);
  }
  if (!names.includes(name as ConfigName)) {
    throw new TlxError(
      "E_USAGE",
      `there is no "${name}"; did you mean "${nearest(name)}"? There are: ${names.join(", ")}`,
    );
  }
  checkSetting(name, value);
}

async function readConfig(file: string): Promise<Partial<TrainConfig>> {
  const refuse = (message: string): never => {
    throw new TlxError("E_USAGE", `--config "${file}": ${message}`);
  };
  const text = await readFile(file, "utf8").catch((error) =>
    refuse(`expected a readable file, found none (${error.code})`),
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse(`expected JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse('expected an object such as {"epochs": 20}; --print-config prints a whole one');
  }
  const entries = withoutProvenance(value as Record<string, unknown>);
  for (const [name, entry] of Object.entries(entries)) {
    try {
      checkEntry(name, entry);
    } catch (error) {
      refuse((error as Error).message.replace(/^settings: /, ""));
    }
  }
  return entries as Partial<TrainConfig>;
}

/**
 * `docs` hold the defaults. With weights "none" everything learns, unless something else was chosen.
 * Throws E_USAGE for a file that cannot be used and for settings that contradict each other.
 */
export async function resolveConfig(
  given: Partial<TrainConfig>,
  file?: string,
  docs: readonly ConfigDoc[] = configDocs,
): Promise<TrainConfig> {
  const defaults = Object.fromEntries(docs.map((d) => [d.name, d.default])) as unknown as TrainConfig;
  return completeConfig({ ...(file === undefined ? {} : await readConfig(file)), ...given }, defaults);
}
