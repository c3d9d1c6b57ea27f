import path from "node:path";
import { Command, Option } from "commander";
import { adviceFile } from "../advise/advice-file.js";
import { type CandidateOptions, findCandidates } from "../advise/find-candidates.js";
import { giveAdvice } from "../advise/give-advice.js";
import { printAdvice } from "../advise/print-advice.js";
import type { Context } from "../context.js";
import { type AdapterOptions, addMachineOptions, jsonOption, wholeNumber } from "../options.js";
import { type ConfigName, configDocs } from "../train-config.js";
import { addConfigOptions, configFromOptions } from "../train-options.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface AdviseOptions extends AdapterOptions, CandidateOptions {
  /** Minutes. */
  readonly try?: number;
  readonly json?: boolean;
}

const help = `
Looks at the pictures (unreadable ones, copies within and across splits, labels that are probably wrong, classes of few
pictures), measures on frozen features how much every network that is here knows of them and how like they are to what it
learned from, and says what to train: the usual rule for such a set, what the measurements say to it, what every way to train
is expected to reach, and the command. Nothing is trained but linear classifiers on features, which are kept in
the cache, unless --try asks for it.
Accuracies are of pictures like those in train; val is only counted, and looked through for copies.
Flags of tlx train go into the command and into what is expected of it. docs/advise.md tells how each number is made.

Examples:
  $ tlx advise flowers
  $ tlx advise flowers --weights mobilenet_v2.safetensors --weights resnet-18=resnet18.pth
  $ tlx advise flowers --models tlx-nano --epochs 50 --json | jq -r .command
  $ tlx advise flowers --try 10                       and try what it would say, for at most ten minutes
  $ tlx train flowers --strategy auto                 the same, and then that training`;

/** What the advice decides itself, or what has nothing to do with it. */
const owned: readonly ConfigName[] = [
  ...(["data", "model", "weights", "unfreeze", "train", "freeze", "mask", "elementMasks", "rates"] as const),
  ...(["headEpochs", "unfreezeEvery", "saveSteps", "timeSteps"] as const),
];

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export function adviseCommand(context: Context): Command {
  const command = new Command("advise")
    .description("Measure a folder of pictures and say which network to train on it, and what of it should learn.")
    .argument("<dir>", "folder with CLASS/*, or with train/CLASS/* and val/CLASS/*")
    .optionsGroup("What is weighed:")
    .addOption(new Option("--models <list>", "networks, with commas between (default: all whose weights are here)"))
    .addOption(
      new Option(
        "--weights <file>",
        "weights that are elsewhere, as FILE or MODEL=FILE; may be given several times",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--try <minutes>",
        "train in a few ways on two thirds of the training pictures, as long as that takes no longer, to know what tuning brings",
      ).argParser(wholeNumber(1)),
    )
    .addOption(jsonOption("all that was measured, and the command"));
  addConfigOptions(
    command,
    configDocs.filter(({ name }) => !owned.includes(name)),
  );
  return addMachineOptions(command)
    .addHelpText("after", help)
    .action((dir: string, options: AdviseOptions) => showAdvice(context, dir, options));
}

async function showAdvice(context: Context, dir: string, options: AdviseOptions): Promise<void> {
  const { report } = context;
  const start = performance.now();
  const { weights: _, ...flags } = { ...options } as Record<string, unknown>;
  const given = configFromOptions(flags);
  const candidates = await findCandidates(context, options);
  await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    report.field("networks", candidates.map(({ model }) => model.name).join(", "));
    const found = await giveAdvice(context, { gpu, dir, given, candidates, options, trialMinutes: options.try });
    const seconds = (performance.now() - start) / 1000;
    if (options.json) report.printJson(adviceFile(gpu, path.resolve(dir), found, seconds));
    else printAdvice(report, dir, found);
  });
}
