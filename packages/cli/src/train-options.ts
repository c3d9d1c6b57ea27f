/** A flag for every entry of a training's configuration, made from the table that documents them. */
import { models, type TrainConfig } from "@tlx/transfer";
import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultModel, shippedModel } from "./options.js";
import { type ConfigDoc, type ConfigName, checkEntry, configDocs, flagOf } from "./train-config.js";

/** Headings of the help. */
const groups: Readonly<Record<string, readonly ConfigName[]>> = {
  "Network and pictures:": ["model", "weights", "inputSize", "split"],
  "What learns (docs/fine-tuning.md):": [
    ...(["unfreeze", "train", "freeze", "batchNorm", "mask", "elementMasks"] as const),
    ...(["baseRate", "layerDecay", "rates", "headEpochs", "unfreezeEvery", "hidden"] as const),
  ],
  "How it learns:": [
    ...(["epochs", "batch", "learningRate", "schedule", "warmupEpochs", "optimizer", "momentum", "nesterov"] as const),
    ...(["weightDecay", "clipNorm", "dropout", "labelSmoothing", "classWeights", "averageDecay"] as const),
    ...(["metric", "patience", "seed"] as const),
  ],
  "Changed pictures (docs/augmentation.md):": ["augment", "views", "mixup", "cutmix"],
};
/** Of what is in none of them. */
const otherGroup = "Memory, precision and saving:";

/** The entries under their headings, in the order in which people should read them. */
function groupDocs(docs: readonly ConfigDoc[]): readonly (readonly [heading: string, docs: readonly ConfigDoc[]])[] {
  const grouped = Object.entries(groups).map(
    ([heading, names]) => [heading, names.flatMap((name) => docs.filter((doc) => doc.name === name))] as const,
  );
  const others = docs.filter((doc) => doc.name !== "data" && !grouped.some(([, found]) => found.includes(doc)));
  return [...grouped, [otherGroup, others]];
}

/** What stands for the value in the help, where neither a unit nor a number does. */
const placeholders: Readonly<Partial<Record<ConfigName, string>>> = {
  ...{ weights: "file", elementMasks: "file", unfreeze: "layers", train: "patterns", freeze: "patterns" },
  ...{ mask: "pattern=value,...", rates: "pattern=value,..." },
};

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
  model: `network: ${models.map((m) => m.name).join(", ")}, or the path of a module that exports one (default: ${defaultModel}, or ${shippedModel} where there are no weights of it)`,
};

function optionsOf(doc: ConfigDoc): Option[] {
  const flag = `--${flagOf(doc.name)}`;
  const fallback = doc.default === null || doc.default === "" ? "" : ` (default: ${doc.default})`;
  const text = `${descriptions[doc.name] ?? doc.doc}${fallback}`;
  if (typeof doc.default === "boolean") {
    return [new Option(flag, text), new Option(`--no-${flagOf(doc.name)}`, `undoes "${doc.name}" of a config file`)];
  }
  if (doc.choices) return [new Option(`${flag} <word>`, text).choices(doc.choices)];
  const value = placeholders[doc.name] ?? (doc.unit || (typeof doc.default === "number" ? "n" : "name"));
  return [new Option(`${flag} <${value}>`, text).argParser(parser(doc))];
}

/** In place of a learning rate: it is found first. */
export const AUTO = "auto";

/** Lets --lr be "auto" too. */
export function allowAutoRate(command: Command): Command {
  const option = command.options.find(({ long }) => long === "--lr")!;
  const parse = option.parseArg!;
  option.description += `; ${AUTO}: found by trials on the training pictures, as tlx lr-find does`;
  option.argParser((text: string, before: unknown) => {
    if (text === AUTO) return AUTO;
    try {
      return parse(text, before);
    } catch {
      throw new InvalidArgumentError(`Expected a number above 0, or ${AUTO}.`);
    }
  });
  return command;
}

const flagged = configDocs.filter((doc) => doc.name !== "data");

/** `docs` hold the defaults that the help tells. */
export function addConfigOptions(command: Command, docs: readonly ConfigDoc[] = configDocs): Command {
  for (const [heading, found] of groupDocs(docs)) {
    for (const option of found.flatMap(optionsOf)) command.addOption(option.helpGroup(heading));
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
