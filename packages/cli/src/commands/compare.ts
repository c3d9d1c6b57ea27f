import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  type ComparedRun,
  compareRuns,
  concludeComparison,
  type Dataset,
  describeDevice,
  type TrainConfig,
} from "@tlx/transfer";
import { CompareFolder, dataIdentity, imageFolder } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { ComparisonFile } from "../compare/comparison-file.js";
import { ComparisonProgress, namerOf } from "../compare/comparison-progress.js";
import { printComparison } from "../compare/print-comparison.js";
import { trainWays } from "../compare/train-ways.js";
import { type ConfiguredWay, defaultStrategies, waysOf } from "../compare/ways.js";
import type { Context } from "../context.js";
import { type AdapterOptions, addMachineOptions, jsonOption, wholeNumber } from "../options.js";
import { printableName, quoteForShell } from "../printable.js";
import { checkWritable } from "../run-target.js";
import { formatTrainCommand } from "../train-command.js";
import { type ConfigName, configDocs, resolveConfig } from "../train-config.js";
import type { CacheOptions } from "../train-job.js";
import { addConfigOptions, configFromOptions } from "../train-options.js";
import { reportData } from "../train-report.js";
import { version } from "../version.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface CompareOptions extends AdapterOptions, CacheOptions {
  readonly models?: string;
  readonly strategies: string;
  readonly seeds: number;
  readonly out?: string;
  readonly json?: boolean;
}

const help = `
Trains on DIR in several ways, each with every seed, and says which does best and whether the difference means anything:
  scratch   the same network without what it learned before        head     a new head on the frozen network
  last:N    the head and the last N blocks                         all      every layer

All ways see the same pictures for the same number of epochs and are measured on the same others, with the settings that
tlx train has for them; the flags below go to all of them. Where DIR has no val/, every seed draws another one, the same
for all ways. Intervals count both the spread of the seeds and how many pictures were measured on.
The folder holds compare.html, compare.json and trainings/. Finished trainings are kept there: the same command goes on
where it was stopped, and with more --seeds, --strategies or --models only what is new is trained. docs/compare.md tells more.

Examples:
  $ tlx compare flowers
  $ tlx compare flowers --models tlx-nano,mobilenet-v2 --strategies scratch,head,last:3 --seeds 5
  $ tlx compare flowers --strategies head,all --epochs 10 --augment light --json > result.json`;

/** What a way decides itself, or what decides nothing here. */
const owned: readonly ConfigName[] = [
  ...(["data", "model", "weights", "unfreeze", "train", "freeze", "mask", "elementMasks", "rates"] as const),
  ...(["headEpochs", "unfreezeEvery", "seed", "saveSteps", "timeSteps"] as const),
];

export function compareCommand(context: Context): Command {
  const command = new Command("compare")
    .description("Train in several ways with several seeds, and tell which does best and whether transfer helps.")
    .argument("<dir>", "folder with CLASS/*, or with train/CLASS/* and val/CLASS/*")
    .optionsGroup("What is compared:")
    .addOption(new Option("--strategies <list>", "ways to train, with commas between").default(defaultStrategies))
    .addOption(new Option("--models <list>", "networks, with commas between (default: that of tlx train)"))
    .addOption(new Option("--weights <file>", "weights of the network, where it is a single one"))
    .addOption(
      new Option("--seeds <n>", "trainings of every way, with seeds from 1").argParser(wholeNumber(1)).default(3),
    )
    .addOption(new Option("--out <dir>", "write to this folder (default: runs/compare/ and the name of DIR)"))
    .addOption(jsonOption("what compare.json holds"));
  addConfigOptions(
    command,
    configDocs.filter(({ name }) => !owned.includes(name)),
  );
  return addMachineOptions(command)
    .addHelpText("after", help)
    .action((dir: string, options: CompareOptions) => compare(context, dir, options));
}

async function compare(context: Context, dir: string, options: CompareOptions): Promise<void> {
  const { report, signal } = context;
  const given = configFromOptions({ ...options });
  const ways = await waysOf(options, given);
  const name = namerOf(ways);
  const seeds = Array.from({ length: options.seeds }, (_, i) => i + 1);
  const config = await resolveConfig(given);
  const { split, epochs } = config;
  const splits = new Map<number, Dataset>();
  for (const seed of seeds) {
    const same = splits.get(seeds[0]!);
    splits.set(seed, same?.origin === "folders" ? same : await imageFolder(dir, { split, seed }));
  }
  const data = splits.get(seeds[0]!)!;
  checkWritable(path.dirname(path.resolve(options.out ?? path.join(root, "any"))));
  await withGpu(options, async (gpu, reopenGpu) => {
    const settings = Object.fromEntries(
      Object.entries(config).filter(([entry]) => !owned.includes(entry as ConfigName)),
    );
    const common = { tlx: version, data: await dataIdentity(dir, data), settings, adapter: describeDevice(gpu) };
    const folder = await openFolder(options.out, dir, common);
    report.field("adapter", describeAdapter(gpu));
    reportData(report, data, { split, seed: 1 });
    if (data.origin === "split") report.field("seeds", "every other seed draws another part, the same for all ways");
    const planned = seeds.flatMap(() => ways);
    report.field(
      "compares",
      `${ways.map(name).join(", ")}; ${plural(epochs, "epoch")} each, ${plural(seeds.length, "seed")}`,
    );
    report.field("folder", printableName(folder.folder));
    const progress = new ComparisonProgress(report, planned, name);
    try {
      const target = { gpu, reopenGpu, folder, data: dir, ways, seeds, options, progress };
      const runs = await trainWays(context, target);
      const found = comparisonOf(gpu, { dir, ways, seeds, splits, epochs, runs });
      await folder.writeResult("compare.json", `${JSON.stringify(found, null, 2)}\n`);
      // Charts take long to load, which no other command should wait for.
      const { comparisonPage } = await import("../compare/comparison-page.js");
      const page = await folder.writeResult("compare.html", comparisonPage(found));
      if (options.json) report.printJson(found);
      else printComparison(report, found);
      report.field("page", printableName(page));
      checkAnyEnded(found);
    } catch (error) {
      if (signal.aborted)
        report.say(`trainings that ended are kept in ${quoteForShell(folder.folder)}; the same command goes on`);
      throw error;
    } finally {
      progress.end();
      await folder.close();
    }
  });
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

/** Throws E_DIVERGED where nothing was learned. */
function checkAnyEnded({ conclusion, rows }: ComparisonFile): void {
  const reason = rows.flatMap(({ failures }) => failures)[0]?.reason;
  if (conclusion.best === null)
    throw new TlxError("E_DIVERGED", `compare: every training failed, the first: ${reason}`);
}

const root = path.join("runs", "compare");

/** The one at `out`, or the first under runs/compare that has the name of the pictures and holds the same or nothing yet. */
async function openFolder(
  out: string | undefined,
  dir: string,
  common: Readonly<Record<string, unknown>>,
): Promise<CompareFolder> {
  if (out !== undefined) return CompareFolder.open(out, common);
  const base = path.join(root, path.basename(path.resolve(dir)) || "pictures");
  for (let n = 1; ; n++) {
    const folder = n === 1 ? base : `${base}-${n}`;
    if ((await CompareFolder.differences(folder, common)).length === 0) return CompareFolder.open(folder, common);
  }
}

interface Compared {
  readonly dir: string;
  readonly ways: readonly ConfiguredWay[];
  readonly seeds: readonly number[];
  readonly splits: ReadonlyMap<number, Dataset>;
  readonly epochs: number;
  readonly runs: readonly ComparedRun[];
}

function comparisonOf(gpu: Gpu, { dir, ways, seeds, splits, epochs, runs }: Compared): ComparisonFile {
  const picturesOf = (seed: number): readonly string[] =>
    splits.get(seed)!.val.map(({ file }) => path.relative(dir, file));
  const { rows, differences } = compareRuns(ways, runs, picturesOf);
  const { classes, train, val, origin } = splits.get(seeds[0]!)!;
  const count = (samples: Dataset["train"], label: number): number => samples.filter((s) => s.label === label).length;
  const given = (i: number): Partial<TrainConfig> => ({ ...ways[i]!.given, data: dir });
  return {
    ...{ format: "tlx-compare", version: 1 },
    madeBy: { tlx: version, node: process.version, adapter: describeAdapter(gpu) },
    data: {
      ...{ folder: path.resolve(dir), origin },
      classes: classes.map((name, label) => ({ name, train: count(train, label), val: count(val, label) })),
    },
    budget: { seeds, epochs, trainPictures: train.length },
    rows: rows.map((row, i) => ({ ...row, command: formatTrainCommand(given(i)) })),
    ...{ differences, conclusion: concludeComparison({ rows, differences }), runs },
  };
}
