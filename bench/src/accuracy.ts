/**
 * Accuracy of feature extraction with default settings, over seeds, beside an independent program's logistic regression on
 * the same features and splits. `npm run bench -- accuracy`
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import { defaultTrainSettings, parseSafetensors } from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { environment, saveResults } from "./protocol.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { trainOnce } from "./train-once.js";

/** Val accuracy in percent of logistic regression on globally averaged MobileNetV2 features. */
const baselines = { ants_bees: 90.0, flowers5: 82.7, grocery10: 95.8, xray3: 77.8 };
const SEEDS = [1, 2, 3, 4, 5];

interface SetResult {
  readonly set: string;
  readonly baseline: number;
  /** Percent per seed: of the epoch that did best on val, and of the last one. */
  readonly best: readonly number[];
  readonly last: readonly number[];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const show = (values: readonly number[]): string =>
  `${mean(values).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
const signed = (x: number): string => `${x < 0 ? "" : "+"}${x.toFixed(1)}`;

/** Trains on every set with every seed; features are computed once per set. Prints and saves the figures. */
export async function benchAccuracy(gpu: Gpu, weightsFile: string | undefined): Promise<void> {
  const weights = requirePath(weightsFile, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights");
  const checkpoint = parseSafetensors(await readWeightsFile(weights));
  const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-bench-features-"));
  const results: SetResult[] = [];
  try {
    for (const [set, baseline] of Object.entries(baselines)) {
      const data = await imageFolder(requirePath(undefined, sharedPath("data", set), "TLX_SHARED"));
      const best: number[] = [];
      const last: number[] = [];
      for (const seed of SEEDS) {
        const run = await trainOnce({ gpu, checkpoint, data, openFeatures: diskFeatures(cache), settings: { seed } });
        best.push(100 * run.accuracy);
        last.push(100 * run.lastAccuracy);
      }
      results.push({ set, baseline, best, last });
      console.error(`${set}: ${SEEDS.length} seeds done`);
    }
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
  const rows = results.map(({ set, baseline, best, last }) => [
    set,
    baseline.toFixed(1),
    show(best),
    signed(mean(best) - baseline),
    show(last),
    signed(mean(last) - baseline),
  ]);
  const average = (pick: (r: SetResult) => number): number => mean(results.map(pick));
  const [base, best, last] = [
    average((r) => r.baseline),
    average((r) => mean(r.best)),
    average((r) => mean(r.last)),
  ] as const;
  rows.push(["average", base.toFixed(1), best.toFixed(1), signed(best - base), last.toFixed(1), signed(last - base)]);
  console.log(
    `MobileNetV2, frozen, linear head, default settings, ${SEEDS.length} seeds, val accuracy in %, ${String(environment(gpu).adapter)}`,
  );
  console.log(formatTable(["set", "logistic", "best epoch", "", "last epoch", ""], rows));
  console.log(
    `\nsaved ${saveResults("accuracy", gpu, { settings: defaultTrainSettings, seeds: SEEDS, sets: results })}`,
  );
}
