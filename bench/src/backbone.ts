/**
 * What features are worth: a linear head with default settings on tlx-nano, on MobileNetV2 and on tlx-nano as it is before any
 * training, over seeds. `npm run bench -- backbone`
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import {
  type Checkpoint,
  exportTensors,
  findModel,
  type Model,
  parseSafetensors,
  startBackbone,
  writeSafetensors,
} from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile, resolveWeights } from "@tlx/transfer/node";
import { environment, saveResults } from "./protocol.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { type TrainedOnce, trainOnce } from "./train-once.js";

const sets = ["flowers5", "ants_bees", "grocery10", "xray3"];

interface Probe {
  readonly set: string;
  readonly backbone: string;
  /** Val accuracy in percent per seed: of the epoch that did best on val, and of the last one. */
  readonly best: readonly number[];
  readonly last: readonly number[];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const read = async (file: string): Promise<Checkpoint> => parseSafetensors(await readWeightsFile(file));

/** Its weights before any training. */
const untrained = (model: Model): Checkpoint =>
  parseSafetensors(writeSafetensors(exportTensors(startBackbone(model, 1).weights)));

export async function benchBackbone(
  gpu: Gpu,
  weightsFile: string | undefined,
  nanoFile: string | undefined,
  seeds: number,
): Promise<void> {
  const weights = requirePath(weightsFile, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights");
  const [large, nano] = [findModel("mobilenet-v2"), findModel("tlx-nano")];
  const nanoPath = (await resolveWeights(nano.card.weights, { ...(nanoFile !== undefined && { file: nanoFile }) }))
    .path;
  const backbones = [
    { name: "tlx-nano", model: nano, checkpoint: await read(nanoPath) },
    { name: "mobilenet-v2", model: large, checkpoint: await read(weights) },
    { name: "tlx-nano, untrained", model: nano, checkpoint: untrained(nano) },
  ];
  const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-bench-features-"));
  const probes: Probe[] = [];
  try {
    for (const set of sets) {
      const data = await imageFolder(requirePath(undefined, sharedPath("data", set), "TLX_SHARED"));
      for (const { name, model, checkpoint } of backbones) {
        const runs: TrainedOnce[] = [];
        for (let seed = 1; seed <= seeds; seed++) {
          const openFeatures = diskFeatures(cache);
          runs.push(await trainOnce({ gpu, model, checkpoint, data, openFeatures, settings: { seed } }));
        }
        const percents = (of: "accuracy" | "lastAccuracy"): number[] => runs.map((run) => 100 * run[of]);
        probes.push({ set, backbone: name, best: percents("accuracy"), last: percents("lastAccuracy") });
      }
      console.error(`${set}: done`);
    }
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
  const rows = sets.map((set) => {
    const [trained, reference, start] = backbones.map(({ name }) =>
      mean(probes.find((p) => p.set === set && p.backbone === name)!.best),
    ) as [number, number, number];
    const figures = [trained, reference, (100 * trained) / reference, start, trained - start];
    return [set, ...figures.map((x) => x.toFixed(1))];
  });
  console.log(
    `frozen, linear head, default settings, ${seeds} seeds, val accuracy in %, ${String(environment(gpu).adapter)}`,
  );
  console.log(formatTable(["set", "tlx-nano", "mobilenet-v2", "share of it", "untrained", "gain"], rows));
  console.log(`\nsaved ${saveResults("backbone", gpu, { seeds, probes })}`);
}
