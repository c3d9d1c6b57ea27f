import { Gpu } from "@tlx/kernels";
import { interpret } from "@tlx/nn/testing";
import {
  buildFeatureGraph,
  defaultTrainSettings,
  loadBackbone,
  type Sample,
  type TrainInput,
  type TrainSettings,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { epochOrder } from "../src/train/epoch-steps.js";
import { madePictures, madeSamples, tinyCheckpoint, tinyModel, tinyTraining } from "./tiny-model.js";
import { epochsOf, type Run, trainToEnd } from "./train-to-end.js";

/** A Gpu of its own on the shared device, so that its count starts at 0 and must end there. */
let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

const failure = (input: TrainInput): Promise<unknown> => trainToEnd(input).catch((error) => error);

const WIDTH = 8;

/** Features of the samples in double, by the interpreter. */
async function featuresOf(samples: readonly Sample[]): Promise<Float64Array[]> {
  const { form, weights } = loadBackbone(tinyModel, tinyCheckpoint());
  const graph = buildFeatureGraph(tinyModel, { batch: 1, form });
  const features: Float64Array[] = [];
  for await (const decoded of madePictures(samples)) {
    if ("error" in decoded) throw decoded.error;
    const { data } = decoded.picture; // as large as the input, so nothing is resized
    const image = Float32Array.from(
      data.filter((_, i) => i % 4 < 3),
      (v) => (v / 255 - 0.5) / 0.25,
    );
    features.push(interpret(graph, weights, new Map([["image", image]])).get(graph.outputs.get("features")!)!);
  }
  return features;
}

/** Two-class softmax regression by AdamW, in double from the definitions: the head after the last step, loss per epoch. */
function regress(
  features: readonly Float64Array[],
  samples: readonly Sample[],
  {
    epochs,
    batch,
    learningRate,
    weightDecay,
    seed,
  }: Pick<TrainSettings, "epochs" | "batch" | "learningRate" | "weightDecay" | "seed">,
): { readonly head: number[]; readonly losses: number[] } {
  const size = 2 * WIDTH + 2;
  const [head, m, v] = Array.from({ length: 3 }, () => new Array<number>(size).fill(0)) as [
    number[],
    number[],
    number[],
  ];
  const losses: number[] = [];
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = epochOrder(samples.length, seed, epoch);
    let sum = 0;
    for (let from = 0; from < order.length; from += batch) {
      const part = order.slice(from, from + batch);
      const grad = new Array<number>(size).fill(0);
      for (const i of part) {
        const x = [...features[i]!, 1];
        const logits = [0, 1].map((c) => x.reduce((z, value, k) => z + value * head[2 * k + c]!, 0));
        const total = Math.exp(logits[0]!) + Math.exp(logits[1]!);
        const { label } = samples[i]!;
        sum += Math.log(total) - logits[label]!;
        for (const c of [0, 1]) {
          const error = Math.exp(logits[c]!) / total - (c === label ? 1 : 0);
          for (const [k, value] of x.entries()) grad[2 * k + c]! += (error * value) / part.length;
        }
      }
      step++;
      for (const [j, g] of grad.entries()) {
        m[j] = 0.9 * m[j]! + 0.1 * g;
        v[j] = 0.999 * v[j]! + 0.001 * g * g;
        const move = m[j]! / (1 - 0.9 ** step) / (Math.sqrt(v[j]! / (1 - 0.999 ** step)) + 1e-8);
        head[j]! -= learningRate * (move + weightDecay * head[j]!);
      }
    }
    losses.push(sum / samples.length);
  }
  return { head, losses };
}

describe("training on two colours", () => {
  it("tells what it does in order, and learns them", async () => {
    const { events, result } = await trainToEnd(tinyTraining(gpu));
    expect(events[0]).toEqual({
      type: "plan",
      trained: ["head.weight", "head.bias"],
      trainedElements: 18,
      frozen: 5,
      frozenElements: 3 * 3 * 3 * 8 + 4 * 8,
      featureWidth: 8,
      blocks: [
        { ...{ block: "stem", params: 3, elements: 232, batchNorm: "frozen" }, trainedElements: 0, mask: "", rate: "" },
        { ...{ block: "head", params: 2, elements: 18, batchNorm: "" }, trainedElements: 18, mask: "1", rate: "1" },
      ],
      phases: [{ name: "head", epochs: 6 }],
    });
    const reason = "pictures never change";
    expect(events[1]).toEqual({
      ...{ type: "phase", index: 0, phases: 1, name: "head", epochs: 6 },
      ...{ views: 1, reason, featureWidth: 8, partSize: 8 },
    });
    const features = (split: string, total: number): unknown[] =>
      Array.from({ length: total }, (_, i) => ({ type: "features", kept: true, split, done: i + 1, cached: 0, total }));
    expect(events.slice(2, 32)).toEqual([...features("train", 20), ...features("val", 10)]);
    const epochs = epochsOf(events);
    expect(events.slice(32).map((e) => e.type)).toEqual([...epochs.flatMap(() => ["epoch", "checkpoint"]), "done"]);
    expect(epochs.map((e) => [e.epoch, e.epochs])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n, 6]));
    expect(epochs[5]!.loss).toBeLessThan(epochs[0]!.loss);
    expect(epochs[5]).toMatchObject({ trainAccuracy: 1, valAccuracy: 1 });
    const { accuracy, loss } = result.val;
    expect(events.at(-1)).toEqual({ type: "done", epochs: 6, bestEpoch: 6, valAccuracy: accuracy, valLoss: loss });
    expect(result).toMatchObject({ trainAccuracy: 1, bestEpoch: 6, epochs: 6, interrupted: false });
    expect(result.valSamples).toEqual(madeSamples("val", 5));
    expect(result.val).toMatchObject({ accuracy: 1, loss: epochs[5]!.valLoss });
    expect(result.val.confidence).toHaveLength(10);
    for (const p of result.val.confidence) expect(p > 0.5 && p <= 1, String(p)).toBe(true);
    expect([...result.val.predicted]).toEqual(result.valSamples.map((s) => s.label));
    expect(result.settings).toEqual({
      ...defaultTrainSettings,
      ...{ epochs: 6, batch: 8, learningRate: 0.1, extractBatch: 3 },
    });
  });

  it("is softmax regression by AdamW, step for step", async () => {
    const settings = { epochs: 3, batch: 8, learningRate: 0.1, weightDecay: 0.05, seed: 5 };
    const input = tinyTraining(gpu, { settings });
    const { events } = await trainToEnd(input);
    const expected = regress(await featuresOf(input.train), input.train, settings);
    for (const [i, { loss }] of epochsOf(events).entries()) expect(loss).toBeCloseTo(expected.losses[i]!, 4);
    // [8, 2] weights, then 2 biases; each has moved by about 0.6.
    const last = events.findLast((e) => e.type === "checkpoint")!;
    const head = ["head.weight", "head.bias"].flatMap((path) => [...last.weights.get(path)!.data]);
    for (const [i, v] of expected.head.entries()) expect(head[i]).toBeCloseTo(v, 3);
  });

  it("leaves every frozen weight as it was, bit for bit", async () => {
    const { result } = await trainToEnd(tinyTraining(gpu));
    const { weights } = loadBackbone(tinyModel, tinyCheckpoint());
    expect([...result.weights.keys()].sort()).toEqual([...weights.keys(), "head.bias", "head.weight"].sort());
    for (const [path, tensor] of weights) expect(result.weights.get(path), path).toEqual(tensor);
    for (const path of ["head.weight", "head.bias"]) {
      expect(
        result.weights.get(path)!.data.every((v) => v !== 0 && Number.isFinite(v)),
        path,
      ).toBe(true);
    }
  });

  it("gives the same bits for the same seed, and others for another", async () => {
    const run = (seed: number): Promise<Run> =>
      trainToEnd(tinyTraining(gpu, { settings: { ...tinyTraining(gpu).settings, seed } }));
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    const timeless = ({ events }: Run): unknown[] => events.map((e) => ({ ...e, ms: 0 }));
    expect(timeless(again)).toEqual(timeless(first));
    expect(again.result).toEqual(first.result);
    expect(other.result.weights.get("head.weight")).not.toEqual(first.result.weights.get("head.weight"));
  });

  it("takes more steps than it keeps in flight", async () => {
    const { events } = await trainToEnd(
      tinyTraining(gpu, { train: madeSamples("train", 40), settings: { epochs: 2, batch: 1, learningRate: 0.02 } }),
    );
    const [first, second] = epochsOf(events);
    expect(first!.loss).toBeLessThan(Math.log(2));
    expect(second!.loss).toBeLessThan(first!.loss);
    expect(second).toMatchObject({ trainAccuracy: 1, valAccuracy: 1 });
  });

  it("does not depend on how many pictures go through the base at a time", async () => {
    const run = (extractBatch: number): Promise<Run> =>
      trainToEnd(tinyTraining(gpu, { settings: { ...tinyTraining(gpu).settings, extractBatch } }));
    const [one, all] = [await run(1), await run(64)];
    const heads = [one, all].map(({ result }) => result.weights.get("head.weight")!.data as Float32Array);
    for (const [i, v] of heads[0]!.entries()) expect(heads[1]![i]).toBeCloseTo(v, 4);
  });
});

describe("pictures that cannot be read", () => {
  it("are skipped and left out, up to a tenth", async () => {
    const unreadable = new Set(["train/0/3", "train/1/9", "val/1/0"]);
    const { events, result } = await trainToEnd(
      tinyTraining(gpu, { pictures: (samples) => madePictures(samples, unreadable) }),
    );
    const skipped = events.flatMap((e) => (e.type === "skipped" ? [[e.file, e.reason]] : []));
    expect(skipped).toEqual([...unreadable].map((file) => [file, `picture ${file}: made unreadable`]));
    expect(result.valSamples.map((s) => s.file)).toEqual(
      madeSamples("val", 5).flatMap((s) => (unreadable.has(s.file) ? [] : [s.file])),
    );
    expect(result.val.predicted).toHaveLength(9);
    expect(result.val.accuracy).toBe(1);
  });

  it("stop the run when they are more than a tenth", async () => {
    const unreadable = new Set(["train/0/0", "train/0/1", "train/1/9"]);
    const input = tinyTraining(gpu, { pictures: (samples) => madePictures(samples, unreadable) });
    expect(await failure(input)).toMatchObject({
      code: "E_DATA",
      message: "train: expected at most 10 % unreadable pictures, found 3 of 20 for train; repair or remove them",
    });
  });

  it("stop the run when a class is left without any", async () => {
    const few = [...madeSamples("train", 12).filter((s) => s.label === 0), { file: "train/1/0", label: 1 }];
    const pictures: TrainInput["pictures"] = (samples) => madePictures(samples, new Set(["train/1/0"]));
    expect(await failure(tinyTraining(gpu, { train: few, pictures }))).toMatchObject({
      code: "E_DATA",
      message: 'train: expected a readable training picture of every class, found none of "blue"; add some',
    });
  });
});

describe("what cannot be trained", () => {
  it("is refused before any work: settings that cannot be used", async () => {
    const input = tinyTraining(gpu, { settings: { epochs: 0 } });
    expect(await failure(input)).toMatchObject({ code: "E_USAGE", message: expect.stringContaining("epochs") });
  });

  const inputs: readonly (readonly [string, Partial<TrainInput>, string, string])[] = [
    ["one class", { classes: ["red"] }, "E_DATA", "expected two or more classes, found 1"],
    ["nothing to train on", { train: [] }, "E_DATA", "expected samples for train, found none"],
    ["nothing to measure on", { val: [] }, "E_DATA", "expected samples for val, found none"],
    [
      "a label without class",
      { val: [{ file: "x", label: 2 }] },
      "E_USAGE",
      'expected labels from 0 to 1, an index into the classes, found 2 for "x" of val',
    ],
    [
      "a label that is no index",
      { train: [{ file: "x", label: -0.5 }] },
      "E_USAGE",
      'expected labels from 0 to 1, an index into the classes, found -0.5 for "x" of train',
    ],
  ];
  it.each(inputs)("is refused before any work: %s", async (_, change, code, message) => {
    const error = await failure(tinyTraining(gpu, change));
    expect(error).toMatchObject({ code, message: expect.stringContaining(`train: ${message}`) });
  });

  it("is a network that gives no numbers", async () => {
    const checkpoint = tinyCheckpoint((path, tensor) =>
      path.endsWith("norm.bias") ? { ...tensor, data: tensor.data.map(() => Number.NaN) as Float32Array } : tensor,
    );
    expect(await failure(tinyTraining(gpu, { checkpoint }))).toMatchObject({
      code: "E_WEIGHTS",
      message: expect.stringContaining("found NaN or infinity"),
    });
  });

  it("is a loss that grows without end", async () => {
    const error = await failure(tinyTraining(gpu, { settings: { learningRate: 1e38, epochs: 3 } }));
    expect(error).toMatchObject({
      code: "E_DIVERGED",
      message: expect.stringMatching(
        /^train: expected a number as loss, found .* try a smaller learning rate than 1e\+38$/,
      ),
    });
  });
});
