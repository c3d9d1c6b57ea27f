/**
 * Head alone, last three blocks, all layers and from scratch on four sets of pictures over seeds: accuracy with intervals,
 * seconds and pictures seen. Every run is written at once, so that a killed command goes on. `npm run bench -- strategies`
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { check, type Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import { confidenceInterval, parseSafetensors, type TrainSettings } from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { environment, resultsFile, saveResults } from "./protocol.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { trainOnce } from "./train-once.js";

const sets = ["ants_bees", "flowers5", "grocery10", "xray3"] as const;

/** All see pictures of 96 px, and what trains every layer has the same number of epochs. */
const strategies = {
  head: { inputSize: 96 },
  "last:3": { inputSize: 96, unfreeze: "last:3", epochs: 10, schedule: "one-cycle" },
  all: { inputSize: 96, unfreeze: "all", epochs: 4, schedule: "one-cycle" },
  scratch: { inputSize: 96, epochs: 4, schedule: "one-cycle" },
} satisfies Record<string, Partial<TrainSettings>>;
type Strategy = keyof typeof strategies;

/** One run of the trainer; accuracies on val in percent. */
interface StrategyRun {
  readonly set: string;
  readonly strategy: Strategy;
  readonly seed: number;
  readonly best: number;
  readonly last: number;
  /** From the pictures to the trained network, features of the frozen part included where no earlier seed left them. */
  readonly seconds: number;
  /** Processor time of all threads, the software adapter's too: unlike `seconds` it does not grow on a busy machine. */
  readonly cpuSeconds: number;
  /** Training pictures times epochs. */
  readonly pictures: number;
}

/** Trains, prints the table and saves it. Throws E_USAGE for fewer than two seeds. */
export async function benchStrategies(gpu: Gpu, weightsFile: string | undefined, seeds: number): Promise<void> {
  check(
    seeds >= 2,
    "E_USAGE",
    () => `strategies: expected two or more seeds, found ${seeds}: an interval needs a spread`,
  );
  const weights = requirePath(weightsFile, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights");
  const checkpoint = parseSafetensors(await readWeightsFile(weights));
  const file = resultsFile("strategies", gpu);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).results : undefined;
  const isSame = JSON.stringify(before?.strategies) === JSON.stringify(strategies);
  const runs: StrategyRun[] = isSame ? before.runs : [];
  const isDone = (set: string, strategy: Strategy, seed: number): boolean =>
    runs.some((r) => r.set === set && r.strategy === strategy && r.seed === seed);
  for (let seed = 1; seed <= seeds; seed++) {
    for (const set of sets) {
      const data = await imageFolder(requirePath(undefined, sharedPath("data", set), "TLX_SHARED"));
      for (const [name, settings] of Object.entries(strategies) as [Strategy, Partial<TrainSettings>][]) {
        if (isDone(set, name, seed)) continue;
        const [start, cpu] = [performance.now(), process.cpuUsage()];
        const run = await trainOnce({
          ...{ gpu, checkpoint: name === "scratch" ? "none" : checkpoint, data, settings: { ...settings, seed } },
          openFeatures: diskFeatures(),
        });
        const used = process.cpuUsage(cpu);
        runs.push({
          ...{ set, strategy: name, seed, best: 100 * run.accuracy, last: 100 * run.lastAccuracy },
          seconds: (performance.now() - start) / 1000,
          cpuSeconds: (used.user + used.system) / 1e6,
          pictures: data.train.length * run.epochs,
        });
        saveResults("strategies", gpu, { strategies, runs });
        console.error(`${path.basename(set)}, ${name}, seed ${seed}: ${(100 * run.accuracy).toFixed(1)} %`);
      }
    }
  }
  const show = (values: readonly number[]): string => {
    const { mean, margin } = confidenceInterval(values);
    return `${mean.toFixed(1)} +- ${margin.toFixed(1)}`;
  };
  const mean = (values: readonly number[]): string => (values.reduce((a, b) => a + b, 0) / values.length).toFixed(0);
  const rows = sets.flatMap((set) =>
    (Object.keys(strategies) as Strategy[]).map((strategy) => {
      const own = runs.filter((r) => r.set === set && r.strategy === strategy && r.seed <= seeds);
      return [
        ...[set, strategy, show(own.map((r) => r.best)), show(own.map((r) => r.last))],
        ...[mean(own.map((r) => r.seconds)), mean(own.map((r) => r.cpuSeconds)), own[0]!.pictures],
      ];
    }),
  );
  console.log(
    `MobileNetV2, val accuracy in % with 95 % intervals over ${seeds} seeds, ${String(environment(gpu).adapter)}`,
  );
  console.log(formatTable(["set", "trained", "best epoch", "last epoch", "s", "CPU s", "pictures seen"], rows));
  console.log(`\nsaved ${path.relative(process.cwd(), file)}`);
}
