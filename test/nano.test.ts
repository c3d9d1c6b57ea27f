/** tlx-nano as it comes with tlx: what it learnt from, that every runtime of ours computes it, and what it is worth. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Gpu, sizeOf } from "@tlx/kernels";
import { optimizeForInference, Program } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import {
  buildFeatureGraph,
  exportTensors,
  findModel,
  loadBackbone,
  type Model,
  parseSafetensors,
  startBackbone,
  train,
  writeSafetensors,
} from "@tlx/transfer";
import { decodeAll, imageFolder } from "@tlx/transfer/node";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

const weightsFolder = path.join(import.meta.dirname, "../packages/transfer/weights");
const file = readFileSync(path.join(weightsFolder, "tlx-nano.safetensors"));
const checkpoint = parseSafetensors(file);
const model: Model = findModel("tlx-nano");

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe("tlx-nano", () => {
  it("is the file of its card, small enough to come along", () => {
    const { sha256, bytes } = model.card.weights;
    expect({ sha256, bytes }).toEqual({ sha256: createHash("sha256").update(file).digest("hex"), bytes: file.length });
    expect(file.length).toBeLessThan(4e6);
    const dtypes = [...checkpoint.tensors].map(([name, { dtype }]) => [/running_/.test(name), dtype].join());
    expect(new Set(dtypes)).toEqual(new Set(["true,F32", "false,F16"]));
  });

  it("gives the features of the double-precision interpreter", async () => {
    const graph = buildFeatureGraph(model, { batch: 1, form: "separate" });
    const { weights } = loadBackbone(model, checkpoint);
    const image = Float32Array.from({ length: sizeOf(graph.inputs.get("image")!.spec) }, (_, i) => 2 * Math.sin(i / 7));
    const expected = interpret(graph, weights, new Map([["image", image]])).get(graph.outputs.get("features")!)!;
    const { graph: fused, weights: folded } = optimizeForInference({ graph, weights });
    const program = await Program.compile(gpu, fused, folded);
    program.write("image", image);
    program.run();
    const found = (await program.read("features")).data as Float32Array;
    program.dispose();
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largest).toBeGreaterThan(0.1);
    found.forEach((value, i) => void expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-5 * largest));
  });
});

/** All files below a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

const sets = ["flowers5", "ants_bees", "grocery10", "xray3"];

describeShared("tlx-nano and real pictures", () => {
  const hashOf = (name: string): string => createHash("sha256").update(readFileSync(name)).digest("hex");
  const rows = readFileSync(path.join(weightsFolder, "tlx-nano.pictures.csv"), "utf8").trim().split("\n").slice(1);
  const learnt = new Set(rows.filter((row) => row.endsWith(",learnt")).map((row) => row.split(",")[0]!));

  it("learnt from no picture that anything is measured on", () => {
    for (const set of sets) {
      const val = filesIn(sharedPath("data", set, "val"));
      expect(val.length).toBeGreaterThan(50);
      expect(val.filter((name) => learnt.has(hashOf(name)))).toEqual([]);
    }
  });

  it("learnt from the pictures that the model card names", () => {
    const photos = sets.flatMap((set) => filesIn(sharedPath("data", set, "train")));
    const samples = filesIn(sharedPath("data", "imagenet-samples")).filter((name) => name.endsWith(".jpg"));
    const used = [...photos, ...samples].filter((name) => learnt.has(hashOf(name)));
    // The others of them were held out.
    expect(used.length / (photos.length + samples.length)).toBeGreaterThan(0.9);
    expect(learnt.size).toBeGreaterThan(used.length); // the rest is drawn
  });

  const deep = process.env.TLX_DEEP !== undefined;
  /** A little below what docs/tlx-nano.md tells, and 10 points above the network untrained. */
  const floors = { flowers5: 72, ants_bees: 78, grocery10: 90 };
  const seeds = deep ? [1, 2, 3, 4, 5] : [1];
  for (const [set, floor] of Object.entries(floors).slice(0, deep ? 3 : 1)) {
    it(`has features from which a linear head learns ${set}`, async () => {
      const data = await imageFolder(sharedPath("data", set));
      const accuracy = async (weights: typeof checkpoint): Promise<number> => {
        let sum = 0;
        for (const seed of seeds) {
          const settings = { seed };
          const run = train({ ...{ gpu, model, checkpoint: weights, ...data, pictures: decodeAll, settings } });
          for (;;) {
            const { done, value } = await run.next();
            if (!done) continue;
            sum += value.val.accuracy;
            break;
          }
        }
        return (100 * sum) / seeds.length;
      };
      const untrained = parseSafetensors(writeSafetensors(exportTensors(startBackbone(model, 1).weights)));
      const trained = await accuracy(checkpoint);
      expect(trained).toBeGreaterThanOrEqual(floor);
      expect(trained - (await accuracy(untrained))).toBeGreaterThanOrEqual(10);
    });
  }
});
