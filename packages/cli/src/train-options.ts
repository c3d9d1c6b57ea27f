/** A flag for every entry of a training's configuration, made from the table that documents them. */
import { models } from "@tlx/transfer";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConfigDoc, checkEntry, configDocs, flagOf, type TrainConfig } from "./train-config.js";

const decimal = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

const parser =
  ({ name, default: value, expected }: ConfigDoc) =>
  (text: string): number | string => {
    const parsed = typeof value === "number" ? (decimal.test(text) ? Number(text) : Number.NaN) : text;
    try {
      checkEntry(name, parsed);
    } catch {
      throw new InvalidArgumentError(`Expected ${expected}.`);
    }
    return parsed;
  };

const descriptions: Readonly<Partial<Record<ConfigDoc["name"], string>>> = {
  model: `network: ${models.map((m) => m.name).join(", ")}, or the path of a module that exports one`,
};

function optionsOf(doc: ConfigDoc): Option[] {
  const flag = `--${flagOf(doc.name)}`;
  const fallback = doc.default === null ? "" : ` (default: ${doc.default})`;
  const text = `${descriptions[doc.name] ?? doc.doc}${fallback}`;
  if (typeof doc.default === "boolean") {
    return [new Option(flag, text), new Option(`--no-${flagOf(doc.name)}`, `undoes "${doc.name}" of a config file`)];
  }
  if (doc.choices) return [new Option(`${flag} <word>`, text).choices(doc.choices)];
  const value =
    doc.name === "weights" || doc.name === "elementMasks"
      ? "file"
      : doc.unit || (typeof doc.default === "number" ? "n" : "name");
  return [new Option(`${flag} <${value}>`, text).argParser(parser(doc))];
}

const flagged = configDocs.filter((doc) => doc.name !== "data");

/** `docs` hold the defaults that the help tells. */
export function addConfigOptions(command: Command, docs: readonly ConfigDoc[] = configDocs): Command {
  for (const doc of docs.filter(({ name }) => name !== "data")) {
    for (const option of optionsOf(doc)) command.addOption(option);
  }
  return command;
}

/** The entries that were given as flags. */
export function configFromOptions(options: Readonly<Record<string, unknown>>): Partial<TrainConfig> {
  const given = flagged
    .map((doc) => [doc.name, options[optionsOf(doc)[0]!.attributeName()]] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
