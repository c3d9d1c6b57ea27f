/** Options that several commands share, and the parsers of their values. */
import { models } from "@tlx/transfer";
import { type Command, InvalidArgumentError, Option } from "commander";

/** A whole number of at least `least`. */
export const wholeNumber =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const upTo = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${upTo}.`);
  };

export interface AdapterOptions {
  readonly adapter?: string;
}

export const addAdapterOption = (command: Command): Command =>
  command.addOption(
    new Option(
      "--adapter <name>",
      'the GPU: part of its name, "software", or its number in tlx doctor (default: the system\'s choice)',
    ).env("TLX_ADAPTER"),
  );

export const defaultModel = "mobilenet-v2";
/** The network whose weights come with tlx. */
export const shippedModel = "tlx-nano";

export const modelOption = (): Option =>
  new Option(
    "--model <name>",
    `pretrained network: ${models.map((m) => m.name).join(", ")}, or the path of a module that exports one (default: ${defaultModel})`,
  );

export const runModelOption = (): Option =>
  new Option("--model <file>", "module of the run's network, where it is your own and not where it was");

export interface WeightsOptions {
  readonly weights?: string;
  readonly cache?: string;
  readonly download?: boolean;
  readonly offline?: boolean;
}

export const weightsOption = (): Option =>
  new Option("--weights <file>", "its weights: safetensors, or what tlx import reads (default: the cache folder)");

export const cacheOption = (): Option =>
  new Option("--cache <dir>", "cache folder (default: TLX_CACHE, or the platform's; see tlx doctor)");

export const addDownloadOptions = (command: Command): Command =>
  command
    .addOption(cacheOption())
    .addOption(new Option("--download", "fetch the weights if they are not in the cache and the model has an address"))
    .addOption(new Option("--offline", "never use the network").conflicts("download"));

export const jsonOption = (what: string): Option => new Option("--json", `print ${what} as JSON on standard output`);

/** Of a command that computes features. */
export function addMachineOptions(command: Command): Command {
  addDownloadOptions(command.optionsGroup("The machine:"));
  return addAdapterOption(command.addOption(new Option("--no-cache", "compute all features and keep none")));
}
