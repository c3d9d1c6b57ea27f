/**
 * Accuracy of the last three blocks trained with the head, against the head alone, paired by seed: of what training draws at random
 * only the order of pictures and their views differ from seed to seed. `npm run bench -- finetune`
 */
import path from "node:path";
import { check, type Gpu } from "@tlx/kernels";
import { type Checkpoint, type Dataset, parseSafetensors, type TrainSettings } from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { type Accuracy, reportFineTune, type SetAccuracies } from "./finetune-report.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { trainOnce } from "./train-once.js";

const SETS = ["flowers5", "xray3"];

const suited = {
  /** The defaults, which are made for it. */
  head: {},
  tail: { unfreeze: "last:3", epochs: 10, schedule: "one-cycle" },
  scratch: { inputSize: 96, epochs: 20, schedule: "one-cycle", augment: "light" },
} satisfies Record<string, Partial<TrainSettings>>;
type Recipe = keyof typeof suited;

export interface FineTuneOptions {
  readonly weights: string | undefined;
  /** Folder of pictures. Default: two sets of TLX_SHARED. */
  readonly data: string | undefined;
  readonly seeds: number;
  /** Default: those of the recipes. */
  readonly epochs: number | undefined;
  /** Train a network without weights too, with one seed. */
  readonly scratch: boolean;
}

/** Trains on every set with every seed; prints and saves. Features lie in tlx's cache, so a second run computes none. */
export async function benchFineTune(gpu: Gpu, options: FineTuneOptions): Promise<void> {
  const { seeds: count, epochs, scratch } = options;
  check(
    count >= 2,
    "E_USAGE",
    () => `finetune: expected two or more seeds, found ${count}: an interval needs a spread`,
  );
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const weights = requirePath(options.weights, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights");
  const checkpoint = parseSafetensors(await readWeightsFile(weights));
  const folders = options.data ? [options.data] : SETS.map((set) => sharedPath("data", set));
  const more = epochs && { epochs };
  const recipes: Readonly<Record<Recipe, Partial<TrainSettings>>> = {
    head: { ...suited.head, ...more },
    tail: { ...suited.tail, ...more },
    scratch: { ...suited.scratch, ...more },
  };
  const found: SetAccuracies[] = [];
  for (const folder of folders) {
    const data = await imageFolder(requirePath(undefined, folder, "--data"));
    const set = path.basename(folder);
    const run = async (from: Checkpoint | "none", recipe: Recipe, seed: number): Promise<Accuracy> => {
      const settings = { ...recipes[recipe], seed };
      const [accuracy, seconds] = await measure(gpu, from, data, settings);
      console.error(`${set}, ${recipe}, seed ${seed}: ${accuracy.best.toFixed(1)} %, ${seconds.toFixed(0)} s`);
      return accuracy;
    };
    const [head, tail]: [Accuracy[], Accuracy[]] = [[], []];
    for (const seed of seeds) {
      head.push(await run(checkpoint, "head", seed));
      tail.push(await run(checkpoint, "tail", seed));
    }
    found.push({ set, head, tail, scratch: scratch ? await run("none", "scratch", 1) : undefined });
  }
  reportFineTune(gpu, recipes, seeds, found);
}

async function measure(
  gpu: Gpu,
  checkpoint: Checkpoint | "none",
  data: Dataset,
  settings: Partial<TrainSettings>,
): Promise<[accuracy: Accuracy, seconds: number]> {
  const start = performance.now();
  const { accuracy, lastAccuracy } = await trainOnce({
    ...{ gpu, checkpoint, data, settings },
    openFeatures: diskFeatures(),
  });
  return [{ best: 100 * accuracy, last: 100 * lastAccuracy }, (performance.now() - start) / 1000];
}
