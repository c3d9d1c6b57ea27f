/** What tlx pretrain can be told of a teacher, and what means nothing with one or without. */
import { TlxError } from "@tlx/kernels";
import { type DistilSettings, defaultDistilSettings } from "@tlx/transfer";
import { type Command, InvalidArgumentError, Option } from "commander";
import { typedOptions } from "./resume-options.js";
import { flagOf } from "./train-config.js";
import { configFromOptions } from "./train-options.js";

type OwnName = "teacherViews" | "temperature" | "featureWeight" | "logitWeight" | "heldOut";

export interface TeacherOptions extends Partial<Pick<DistilSettings, OwnName>> {
  readonly teacher?: string;
  readonly teacherWeights?: string;
  readonly prune?: boolean;
  readonly half?: boolean;
}

const ownDocs: Readonly<Record<OwnName, readonly [value: string, doc: string]>> = {
  teacherViews: ["views", "changes of a picture that the teacher is asked about, once"],
  temperature: ["n", "by which logits are divided: above 1, small probabilities count for more"],
  featureWeight: ["n", "of the difference of the features in the loss"],
  logitWeight: ["n", "of the divergence of the logits in the loss"],
  heldOut: ["share", "of the pictures that are only measured on"],
};
const ownNames = Object.keys(ownDocs) as OwnName[];

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

const dashed = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

export function addTeacherOptions(command: Command): Command {
  const group = "From a teacher, pictures need no labels:";
  const options = [
    new Option("--teacher <name>", "learn features and logits of this pretrained network, in place of classes"),
    new Option("--teacher-weights <file>", "its weights (default: the cache folder's)"),
    ...ownNames.map((name) => {
      const [value, doc] = ownDocs[name];
      const text = `${doc} (default: ${defaultDistilSettings[name]})`;
      return new Option(`--${dashed(name)} <${value}>`, text).argParser(number);
    }),
    new Option(
      "--prune",
      "start as the teacher with channels left out: the student has its layers, some of them narrower",
    ).conflicts("weights"),
    new Option("--half", "write the weights as half floats"),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}

/** Of --teacher. */
const teacherNames: readonly string[] = ["teacher", "teacherWeights", "prune", "half", ...ownNames];

/** What means something beside --teacher, the settings apart. */
const usable = [...teacherNames, "model", "weights", "name", "out", "json", "cache", "adapter", "download", "offline"];

/** "learningRate" -> "lr", as commander names the option. */
const attributeOf = (name: string): string =>
  flagOf(name as Parameters<typeof flagOf>[0]).replace(/-([a-z])/g, (_, c: string) => c.toUpperCase());

const flagsOf = (options: readonly Option[]): string => options.map((option) => option.long).join(", ");

/** Throws E_USAGE for an option that was typed and would do nothing, with a teacher or without. */
export function checkTeacherOptions(command: Command, { teacher }: TeacherOptions): void {
  const typed = typedOptions(command);
  if (teacher === undefined) {
    const odd = typed.filter((option) => teacherNames.includes(option.attributeName()));
    if (odd.length === 0) return;
    throw new TlxError(
      "E_USAGE",
      `without --teacher ${flagsOf(odd)} would do nothing; name a teacher, or leave that out`,
    );
  }
  const known = new Set([...usable, ...Object.keys(defaultDistilSettings).map(attributeOf)]);
  const odd = typed.filter((option) => !known.has(option.attributeName()));
  if (odd.length === 0) return;
  throw new TlxError("E_USAGE", `--teacher: beside it ${flagsOf(odd)} would do nothing; leave that out`);
}

/** The settings that were given as flags. */
export function distilSettingsOf(options: TeacherOptions): Partial<DistilSettings> {
  const given = Object.entries(configFromOptions({ ...options })).filter(([name]) => name in defaultDistilSettings);
  const own = ownNames.map((name) => [name, options[name]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...given, ...own]);
}
