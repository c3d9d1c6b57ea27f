import { Gpu, type HostTensor } from "@tlx/kernels";
import { type Network, uniformFanIn } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import {
  buildFeatureGraph,
  buildTransferGraph,
  type Decoded,
  loadBackbone,
  type PictureResult,
  Predictor,
  type Sample,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePictures, madeSamples, tinyCheckpoint, tinyModel } from "./tiny-model.js";

/** A Gpu of its own on the shared device, so that its count starts at 0 and must end there. */
let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

const labels = ["a", "b", "c"];
const { preprocess } = tinyModel;

function tinyClassifier(batch = 1): Network {
  const { form, weights } = loadBackbone(tinyModel, tinyCheckpoint());
  const graph = buildTransferGraph(tinyModel, { batch, form, classes: labels.length });
  const head = ["head.weight", "head.bias"].map((path): [string, HostTensor] => {
    const { spec } = graph.params.get(path)!;
    return [path, uniformFanIn(spec, 1, 3, path)];
  });
  return { graph, weights: new Map([...weights, ...head]) };
}

async function predictAll(
  samples: readonly Sample[],
  batch: number,
  unreadable?: ReadonlySet<string>,
  precision?: "half",
): Promise<PictureResult<Sample>[]> {
  const predictor = await Predictor.create(gpu, tinyClassifier(), { preprocess, labels, batch, precision });
  try {
    return await collect(predictor.run(madePictures(samples, unreadable)));
  } finally {
    predictor.dispose();
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const rowOf = (result: PictureResult<Sample>): Float32Array => {
  if ("error" in result) throw result.error;
  return result.row;
};

describe("Predictor", () => {
  it("gives probabilities in the order of the pictures, whatever the batch", async () => {
    const samples = madeSamples("x", 4);
    const one = await predictAll(samples, 1);
    expect(one.map((r) => r.item)).toEqual(samples);
    for (const row of one.map(rowOf)) {
      expect(row).toHaveLength(3);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    }
    expect(new Set(one.map((r) => rowOf(r).join())).size).toBe(samples.length);
    for (const batch of [3, 8, 20]) {
      const many = await predictAll(samples, batch);
      expect(many.map((r) => r.item)).toEqual(samples);
      for (const [i, r] of many.entries())
        for (const [c, p] of rowOf(r).entries()) expect(p).toBeCloseTo(rowOf(one[i]!)[c]!, 5);
    }
  });

  it("computes softmax of the logits of the interpreter", async () => {
    const { graph, weights } = tinyClassifier();
    const grey: Decoded<string> = {
      item: "grey",
      picture: { width: 12, height: 12, data: new Uint8Array(4 * 144).fill(200) },
    };
    const pixel = (200 / 255 - 0.5) / 0.25;
    const values = interpret(graph, weights, new Map([["image", new Float32Array(432).fill(pixel)]]));
    const exp = Array.from(values.get(graph.outputs.get("logits")!)!, Math.exp);
    const sum = exp.reduce((a, b) => a + b, 0);
    const predictor = await Predictor.create(gpu, { graph, weights }, { preprocess, labels });
    for await (const result of predictor.run(
      (async function* () {
        yield grey;
      })(),
    )) {
      const row = "row" in result ? result.row : new Float32Array();
      for (const [c, e] of exp.entries()) expect(row[c]).toBeCloseTo(e / sum, 5);
    }
    predictor.dispose();
  });

  it.each([
    ["at both ends", ["x/0/0", "x/1/3"]],
    ["in between", ["x/0/1", "x/0/2", "x/1/1"]],
    ["in a row longer than a batch", ["x/0/1", "x/0/2", "x/0/3", "x/1/0", "x/1/1"]],
    ["everywhere", madeSamples("x", 4).map((s) => s.file)],
  ])("passes errors through in their places: %s", async (_, files) => {
    const samples = madeSamples("x", 4);
    const whole = await predictAll(samples, 2);
    const unreadable = new Set(files);
    const some = await predictAll(samples, 2, unreadable);
    expect(some.map((r) => r.item)).toEqual(samples);
    for (const [i, result] of some.entries()) {
      const { file } = result.item;
      if (unreadable.has(file)) expect(result).toMatchObject({ error: { code: "E_DATA" } });
      else for (const [c, p] of rowOf(result).entries()) expect(p, file).toBeCloseTo(rowOf(whole[i]!)[c]!, 5);
    }
  });

  it("gives nearly the same in half precision, where the adapter has it", async ({ skip }) => {
    if (!gpu.capabilities.halfFloats) skip("this adapter has no float16");
    const samples = madeSamples("x", 2);
    const whole = (await predictAll(samples, 2)).flatMap((r) => [...rowOf(r)]);
    const half = (await predictAll(samples, 2, undefined, "half")).flatMap((r) => [...rowOf(r)]);
    for (const [i, p] of half.entries()) expect(p).toBeCloseTo(whole[i]!, 2);
    expect(half).not.toEqual(whole);
  });

  it("can be left in the middle", async () => {
    const predictor = await Predictor.create(gpu, tinyClassifier(), { preprocess, labels, batch: 2 });
    for await (const { item } of predictor.run(madePictures(madeSamples("x", 4)))) if (item.file === "x/0/2") break;
    expect(await collect(predictor.run(madePictures([])))).toEqual([]);
    predictor.dispose();
    await gpu.idle();
  });

  it("ranks the most probable first, equal ones by index", async () => {
    const predictor = await Predictor.create(gpu, tinyClassifier(), { preprocess, labels });
    expect(predictor.top(Float32Array.of(0.25, 0.5, 0.25))).toEqual([
      { index: 1, label: "b", probability: 0.5 },
      { index: 0, label: "a", probability: 0.25 },
      { index: 2, label: "c", probability: 0.25 },
    ]);
    expect(predictor.top(Float32Array.of(0, 0, 1), 1)).toEqual([{ index: 2, label: "c", probability: 1 }]);
    predictor.dispose();
  });
});

describe("what cannot predict", () => {
  it("is a network with another number of classes than labels", async () => {
    await expect(Predictor.create(gpu, tinyClassifier(), { preprocess, labels: ["a"] })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("a label for each of the network's 3 classes, found 1 labels"),
    });
  });

  it("is a network without classifier", async () => {
    const { form, weights } = loadBackbone(tinyModel, tinyCheckpoint());
    const network = { graph: buildFeatureGraph(tinyModel, { batch: 1, form }), weights };
    await expect(Predictor.create(gpu, network, { preprocess, labels })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("no classifier"),
    });
  });

  it("is preprocessing to another size than the network's", async () => {
    const other = { ...preprocess, crop: 8 };
    await expect(Predictor.create(gpu, tinyClassifier(), { preprocess: other, labels })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("the 12 x 12 pixels that the network takes, found a crop of 8"),
    });
  });

  it("is preprocessing that divides by zero", async () => {
    const other = { ...preprocess, std: [1, 0, 1] as const };
    await expect(Predictor.create(gpu, tinyClassifier(), { preprocess: other, labels })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("found [0.5,0.5,0.5] and [1,0,1]"),
    });
  });

  it("is a batch of none", async () => {
    await expect(Predictor.create(gpu, tinyClassifier(), { preprocess, labels, batch: 0 })).rejects.toMatchObject({
      code: "E_USAGE",
      message: "withBatch: expected a batch of at least 1, found 0",
    });
  });

  it("is a network that gives no numbers", async () => {
    const { graph, weights } = tinyClassifier();
    const { spec } = graph.params.get("head.bias")!;
    const broken = new Map([...weights, ["head.bias", { spec, data: Float32Array.of(0, Number.NaN, 0) }]]);
    const predictor = await Predictor.create(gpu, { graph, weights: broken }, { preprocess, labels });
    const predicting = collect(predictor.run(madePictures(madeSamples("x", 1))));
    await expect(predicting).rejects.toMatchObject({ code: "E_WEIGHTS" });
    predictor.dispose();
  });
});
