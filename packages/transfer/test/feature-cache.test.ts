/** Training with features on disk: what a second run does not do again, and what it does. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gpu } from "@tlx/kernels";
import { Program } from "@tlx/nn";
import { type TrainEvent, type TrainInput, type TrainResult, train } from "@tlx/transfer";
import { diskFeatures } from "@tlx/transfer/node";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePictures, madeSamples, tinyCheckpoint, tinyModel, tinyTraining } from "./tiny-model.js";

let gpu: Gpu;
let cache: string;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
  cache = await mkdtemp(join(tmpdir(), "tlx-cache-"));
});
afterEach(async () => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
  await rm(cache, { recursive: true });
});

interface Run {
  readonly events: readonly TrainEvent[];
  readonly result: TrainResult;
  /** Was the base compiled? */
  readonly compiled: boolean;
  /** Pictures that came with pixels. */
  readonly decoded: number;
}

async function run(change: Partial<TrainInput> = {}): Promise<Run> {
  let decoded = 0;
  const pictures: TrainInput["pictures"] = async function* (samples, options) {
    for await (const d of madePictures(samples, new Set(), options)) {
      if ("picture" in d) decoded++;
      yield d;
    }
  };
  const compile = vi.spyOn(Program, "compile");
  const training = train(tinyTraining(gpu, { pictures, openFeatures: diskFeatures(cache), ...change }));
  const events: TrainEvent[] = [];
  try {
    for (;;) {
      const { done, value } = await training.next();
      if (done) {
        const compiled = compile.mock.calls.some(([, , , options]) => options?.label === "network");
        return { events, result: value, compiled, decoded };
      }
      events.push(value);
    }
  } finally {
    compile.mockRestore();
  }
}

const lastFeatures = ({ events }: Run, split: string): TrainEvent | undefined =>
  events.findLast((e) => e.type === "features" && e.split === split);

it("a second run decodes no picture, does not compile the base, and gives the same bits", async () => {
  const first = await run();
  expect(first).toMatchObject({ compiled: true, decoded: 30 });
  expect(lastFeatures(first, "train")).toEqual({
    type: "features",
    kept: true,
    split: "train",
    done: 20,
    cached: 0,
    total: 20,
  });
  const second = await run();
  expect(second).toMatchObject({ compiled: false, decoded: 0 });
  expect(lastFeatures(second, "train")).toEqual({
    type: "features",
    kept: true,
    split: "train",
    done: 20,
    cached: 20,
    total: 20,
  });
  expect(lastFeatures(second, "val")).toMatchObject({ done: 10, cached: 10 });
  expect(second.result).toEqual(first.result);
  // A run without a cache agrees.
  expect((await run({ openFeatures: undefined })).result).toEqual(first.result);
});

it("new pictures alone go through the base", async () => {
  await run({ train: madeSamples("train", 70) });
  // More known ones in a row than are held back for a batch to fill.
  const samples = madeSamples("train", 74);
  const more = await run({ train: samples });
  expect(more).toMatchObject({ compiled: true, decoded: 8 });
  expect(lastFeatures(more, "train")).toMatchObject({ done: 148, cached: 140 });
  const done = more.events.flatMap((e) => (e.type === "features" && e.split === "train" ? [e.done] : []));
  expect(done).toEqual(samples.map((_, i) => i + 1));
  expect(more.result).toEqual((await run({ train: samples, openFeatures: undefined })).result);
});

it("another weight, preprocessing or batch of the base starts anew", async () => {
  await run();
  const checkpoint = tinyCheckpoint((path, tensor) =>
    path.endsWith("conv.weight")
      ? { ...tensor, data: tensor.data.map((v, i) => (i === 0 ? v + 0.5 : v)) as Float32Array }
      : tensor,
  );
  const mean = [0.5, 0.5, 0.4] as const;
  const { settings } = tinyTraining(gpu);
  const changes: Partial<TrainInput>[] = [
    { checkpoint },
    { model: { ...tinyModel, preprocess: { ...tinyModel.preprocess, mean } } },
    { settings: { ...settings, extractBatch: 4 } },
  ];
  for (const change of changes) {
    expect(await run(change)).toMatchObject({ compiled: true, decoded: 30 });
    expect(await run(change)).toMatchObject({ compiled: false, decoded: 0 });
  }
  // What only the head sees does not.
  expect(await run({ settings: { ...settings, batch: 5, epochs: 2, seed: 3 } })).toMatchObject({ decoded: 0 });
  expect(await readdir(join(cache, "features"))).toHaveLength(4);
});

it("a damaged row is computed again, and the result is the same", async () => {
  const first = await run();
  const [key] = await readdir(join(cache, "features"));
  const [name] = await readdir(join(cache, "features", key!));
  const file = join(cache, "features", key!, name!);
  const bytes = await readFile(file);
  bytes[40]! ^= 1;
  await writeFile(file, bytes);
  const second = await run();
  expect(second).toMatchObject({ compiled: true, decoded: 1 });
  expect(second.result).toEqual(first.result);
  expect(await run()).toMatchObject({ compiled: false, decoded: 0 });
});

it("a run that ends early leaves the features of what it has read", async () => {
  for await (const event of train(tinyTraining(gpu, { openFeatures: diskFeatures(cache) }))) {
    if (event.type === "features" && event.split === "val" && event.done === 6) break;
  }
  const { decoded } = await run();
  expect(decoded).toBeGreaterThanOrEqual(1);
  expect(decoded).toBeLessThanOrEqual(4);
});

it("a cache that cannot be written to costs a warning and nothing else", async () => {
  await writeFile(join(cache, "features"), "in the way");
  const { events, result } = await run();
  const warnings = events.flatMap((e) => (e.type === "warning" ? [e.message] : []));
  expect(warnings.map((w) => w.split(" ")[1])).toEqual(["reading", "writing"]);
  expect(result).toEqual((await run({ openFeatures: undefined })).result);
});

it("pictures that are equal share a row", async () => {
  const samples = madeSamples("train", 8);
  const twice = [...samples, ...samples];
  const { events, result } = await run({ train: twice });
  expect(events.findLast((e) => e.type === "features" && e.split === "train")).toMatchObject({ done: 32 });
  expect(result.trainAccuracy).toBe(1);
  const [key] = await readdir(join(cache, "features"));
  const [name] = await readdir(join(cache, "features", key!));
  expect((await readFile(join(cache, "features", key!, name!))).length).toBe((16 + 10) * (32 + 4 * 8 + 4));
});
