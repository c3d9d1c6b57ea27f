/** Training below the head: phases, sources of pictures, what stays and what moves. */
import { Gpu, type HostTensor } from "@tlx/kernels";
import { activate, batchNorm, conv2d } from "@tlx/nn";
import {
  buildNetworkGraph,
  exportTensors,
  MemoryFeatureStore,
  type Model,
  type Picture,
  parseSafetensors,
  type TrainEvent,
  type TrainInput,
  type TrainSettings,
  writeSafetensors,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { initialWeights } from "../src/models/initial-weights.js";
import { madePictures, tinyModel, tinyTraining } from "./tiny-model.js";
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

const model: Model = {
  ...tinyModel,
  name: "two-blocks",
  card: { ...tinyModel.card, blocks: ["one", "two"] },
  backbone(s, image) {
    let x = image;
    for (const [name, stride] of [
      ["one", 2],
      ["two", 1],
    ] as const) {
      const block = s.at(name);
      x = conv2d(block.at("conv"), x, { out: 8, kernel: 3, stride, pad: 1 });
      x = block.mark(activate(block, batchNorm(block.at("norm"), x), "relu"));
    }
    return x;
  },
};

const weights = initialWeights(buildNetworkGraph(model, { batch: 1, form: "separate" }), 3);
const checkpoint = parseSafetensors(writeSafetensors(exportTensors(weights)));

const run = (settings: Partial<TrainSettings>, change: Partial<TrainInput> = {}): Promise<Run> =>
  trainToEnd(
    tinyTraining(gpu, {
      ...{ model, checkpoint },
      settings: { epochs: 4, batch: 8, learningRate: 0.05, extractBatch: 5, ...settings },
      ...change,
    }),
  );

const phasesOf = (events: readonly TrainEvent[]) => events.filter((e) => e.type === "phase");

/** Paths whose values are others than those of the checkpoint. */
const moved = ({ result }: Run): string[] =>
  [...weights]
    .filter(([path, { data }]) => result.weights.get(path)!.data.some((v, i) => v !== data[i]))
    .map(([path]) => path)
    .sort();

describe("a fine-tuning", () => {
  it("moves what shall learn and nothing else", async () => {
    const frozen = await run({ unfreeze: "last:1" });
    expect(moved(frozen)).toEqual(["two.conv.weight"]);
    const norms = await run({ unfreeze: "last:1", batchNorm: "train" });
    const two = [
      "two.conv.weight",
      "two.norm.bias",
      "two.norm.running_mean",
      "two.norm.running_var",
      "two.norm.weight",
    ];
    expect(moved(norms)).toEqual(two);
    expect(moved(await run({ train: "one.conv", unfreeze: "head" }))).toEqual(["one.conv.weight"]);
    expect(moved(await run({ unfreeze: "all", batchNorm: "train" }))).toHaveLength(10);
  });

  it("learns better with more of it", async () => {
    const lossOf = async (unfreeze: string): Promise<number> =>
      epochsOf((await run({ unfreeze, baseRate: 1 })).events).at(-1)!.loss;
    const [head, last] = [await lossOf("head"), await lossOf("last:1")];
    expect(last).toBeLessThan(head / 2);
    expect(await lossOf("all")).toBeLessThan(head / 2);
  });

  it("proves what it did", async () => {
    const { result } = await run({ unfreeze: "last:1", mask: "two.conv.weight[0:3]=0" });
    const { tensors, step } = result.certificate;
    const two = tensors.find((t) => t.name === "two.conv.weight")!;
    expect(two).toMatchObject({ trained: true, loaded: true, masked: { elements: 3 * 8 * 9 } });
    expect(two.masked!.before).toBe(two.masked!.after);
    expect(two.before).not.toBe(two.after);
    for (const t of tensors.filter((t) => !t.trained)) expect(t.before, t.name).toBe(t.after);
    expect(tensors.filter((t) => t.trained).map((t) => t.name)).toEqual([
      "head.bias",
      "head.weight",
      "two.conv.weight",
    ]);
    expect(step.backwardDispatchesSkipped).toBeGreaterThan(0);
    expect(step.gpuMs).toBeNull();
    const kept = result.weights.get("two.conv.weight")!.data.filter((_, i) => i % 8 < 3);
    expect(kept).toEqual(weights.get("two.conv.weight")!.data.filter((_, i) => i % 8 < 3));
    const timed = (await run({ epochs: 1, timeSteps: true })).result.certificate.step;
    expect(timed.gpuMs!.everything).toBeGreaterThan(0);
    expect(timed.optimizerBytes.planned).toBeLessThan(timed.optimizerBytes.everything);
    expect(timed.bytes.planned).toBeLessThan(timed.bytes.everything);
  });

  it("goes through its phases, each on what the one before left", async () => {
    const { events } = await run({ unfreeze: "all", headEpochs: 2, unfreezeEvery: 2, epochs: 4, schedule: "cosine" });
    expect(
      phasesOf(events).map(({ name, index, featureWidth, views }) => ({ name, index, featureWidth, views })),
    ).toEqual([
      { index: 0, name: "head", featureWidth: 8, views: 1 },
      { index: 1, name: "last 1 of 2 blocks", featureWidth: 6 * 6 * 8, views: 1 },
      { index: 2, name: "last 2 of 2 blocks", featureWidth: 12 * 12 * 3, views: 0 },
    ]);
    const epochs = epochsOf(events);
    expect(epochs.map((e) => [e.epoch, e.epochs])).toEqual([1, 2, 3, 4, 5, 6].map((e) => [e, 6]));
    // The schedule of the head ends with it; the other phases share one.
    expect(epochs[2]!.learningRate).toBeGreaterThan(epochs[1]!.learningRate);
    expect(epochs[4]!.learningRate).toBeLessThan(epochs[3]!.learningRate);
    const checkpoints = events.filter((e) => e.type === "checkpoint");
    const [head, later] = [checkpoints[1]!, checkpoints[2]!].map((c) => c.weights.get("head.weight")!.data);
    expect(Math.max(...head!.map((v, i) => Math.abs(v - later![i]!)))).toBeLessThan(0.2);
  });

  it("computes a batch in parts with the same gradient", async () => {
    const [whole, parts] = [await run({ unfreeze: "all" }), await run({ unfreeze: "all", accumulate: 3 })];
    expect(phasesOf(parts.events)[0]!.partSize).toBe(3);
    epochsOf(whole.events).forEach((e, i) => {
      expect(epochsOf(parts.events)[i]!.loss).toBeCloseTo(e.loss, 4);
    });
  });

  it("cuts a batch that the device cannot hold", async () => {
    const small = new Gpu((await testGpu()).device, { capabilities: { maxStorageBufferBindingSize: 16384 } });
    const { events } = await trainToEnd(
      tinyTraining(small, { model, checkpoint, settings: { epochs: 2, batch: 16, unfreeze: "all", extractBatch: 2 } }),
    );
    const [{ partSize }] = phasesOf(events) as [ReturnType<typeof phasesOf>[number]];
    expect(partSize).toBeLessThan(16);
    // [N, 12, 12, 3] f32 is 1728 bytes a sample, [N, 6, 6, 8] 1152.
    expect(partSize * 1728).toBeLessThanOrEqual(16384);
    // Training every layer takes parts where the head alone does not.
    const settings = { epochs: 1, batch: 16, timeSteps: true, extractBatch: 2 };
    const { result } = await trainToEnd(tinyTraining(small, { model, checkpoint, settings }));
    expect(result.certificate.step.gpuMs!.everything).toBeGreaterThan(0);
    expect(small.liveBytes).toBe(0);
    small.dispose();
  });

  it("reaches about the same in half precision", async () => {
    const [full, half] = [await run({ unfreeze: "all" }), await run({ unfreeze: "all", precision: "f16" })];
    expect(half.result.val.loss).toBeCloseTo(full.result.val.loss, 1);
    expect((await run({ unfreeze: "all", precision: "f16" })).result.weights).toEqual(half.result.weights);
  });

  it("measures and keeps the average where there is one", async () => {
    const plain = await run({ unfreeze: "last:1" });
    const averaged = await run({ unfreeze: "last:1", averageDecay: 0.9 });
    expect(epochsOf(averaged.events).map((e) => e.loss)).toEqual(epochsOf(plain.events).map((e) => e.loss));
    expect(epochsOf(averaged.events)[0]!.valLoss).not.toBe(epochsOf(plain.events)[0]!.valLoss);
    expect(averaged.result.weights.get("two.conv.weight")).not.toEqual(plain.result.weights.get("two.conv.weight"));
    expect(averaged.result.weights.get("one.conv.weight")).toEqual(plain.result.weights.get("one.conv.weight"));
  });
});

describe("where pictures come from", () => {
  /** Counts how often pictures are decoded. */
  const counting = () => {
    const counts = { decoded: 0 };
    const pictures: TrainInput["pictures"] = async function* (samples, options) {
      for await (const result of madePictures(samples, new Set(), options)) {
        if ("picture" in result) counts.decoded++;
        yield result;
      }
    };
    return { counts, pictures };
  };

  it.each([
    { settings: { unfreeze: "last:1" }, views: 1, decoded: 30, reason: /never change/ },
    {
      settings: { unfreeze: "last:1", augment: "light" },
      views: 0,
      decoded: 20 + 10 + 10 + 4 * 20,
      reason: /another view/,
    },
    {
      settings: { unfreeze: "last:1", augment: "light", views: 3 },
      views: 3,
      decoded: 3 * 20 + 10 + 10,
      reason: /3 views/,
    },
    { settings: { unfreeze: "last:1", mixup: 0.3 }, views: 0, decoded: 20 + 10 + 10 + 4 * 20, reason: /mixed/ },
    { settings: { unfreeze: "all" }, views: 0, decoded: 20 + 10 + 4 * (20 + 10 + 10), reason: /first layer/ },
  ] as const)("with $settings", async ({ settings, views, decoded, reason }) => {
    const { counts, pictures } = counting();
    const { events } = await run(settings, { pictures });
    expect(phasesOf(events)).toMatchObject([{ views, reason: expect.stringMatching(reason) }]);
    expect(counts.decoded).toBe(decoded);
    expect(new Set(events.filter((e) => e.type === "features").map((e) => e.kept))).toEqual(
      new Set(settings.unfreeze === "all" ? [false] : views === 0 ? [true, false] : [true]),
    );
  });

  it("are changed by the seed, another way in every epoch, and the same again", async () => {
    const settings: Partial<TrainSettings> = { unfreeze: "last:1", augment: "standard" };
    const [a, b, c] = [await run(settings), await run(settings), await run({ ...settings, seed: 2 })];
    expect(b.result.weights).toEqual(a.result.weights);
    expect(c.result.weights).not.toEqual(a.result.weights);
  });

  it("are told from kept views of another number of them", async () => {
    const stores = new Map<string, MemoryFeatureStore>();
    const openFeatures: TrainInput["openFeatures"] = async (key, width) => {
      const store = stores.get(key) ?? new MemoryFeatureStore(width);
      store.close = async () => {}; // as a cache on disk, it keeps what it has
      stores.set(key, store);
      return store;
    };
    const settings: Partial<TrainSettings> = { unfreeze: "last:1", augment: "light" };
    await run({ ...settings, views: 2 }, { openFeatures });
    const lossesOf = ({ events }: Run): number[] => epochsOf(events).map((e) => e.loss);
    const kept = await run({ ...settings, views: 3 }, { openFeatures });
    expect(lossesOf(kept)).toEqual(lossesOf(await run({ ...settings, views: 3 })));
  });

  it("end with an error that names a picture which vanished", async () => {
    let reads = 0;
    const pictures: TrainInput["pictures"] = async function* (samples, options) {
      reads++;
      for await (const result of madePictures(samples, reads > 3 ? new Set(["train/1/4"]) : new Set(), options))
        yield result;
    };
    await expect(run({ unfreeze: "all" }, { pictures })).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringMatching(/"train\/1\/4" could be read before .* put it back and resume/),
    });
  });
});

describe("numbers that stop being numbers", () => {
  it("are told with the layer and the step", async () => {
    const huge = (tensor: HostTensor): HostTensor => ({ ...tensor, data: tensor.data.map(() => 1e25) as Float32Array });
    const bad = new Map([...weights].map(([path, t]) => [path, path === "two.conv.weight" ? huge(t) : t]));
    const broken = parseSafetensors(writeSafetensors(exportTensors(bad)));
    // The prefix is sound; 1e25 times 1e25 in the gradient of the first block is not a float32.
    await expect(run({ unfreeze: "all", baseRate: 1 }, { checkpoint: broken })).rejects.toMatchObject({
      code: "E_DIVERGED",
      message: expect.stringMatching(/NaN or infinity in .* in step 1 of epoch 1; try a smaller learning rate/),
    });
  });

  it.each(["f32", "f16"] as const)("name the first module whose result is one, in %s", async (precision) => {
    const white: Picture = { width: 12, height: 12, data: new Uint8Array(4 * 144).fill(255) };
    const pictures: TrainInput["pictures"] = async function* (samples, options) {
      for await (const result of madePictures(samples, new Set(), options)) {
        yield "picture" in result ? { ...result, picture: white } : result;
      }
    };
    const huge = new Map(
      [...weights].map(([path, t]) => [
        path,
        path === "one.conv.weight" ? { ...t, data: t.data.map(() => 3e38) as Float32Array } : t,
      ]),
    );
    const broken = parseSafetensors(writeSafetensors(exportTensors(huge)));
    await expect(run({ unfreeze: "all", precision }, { checkpoint: broken, pictures })).rejects.toMatchObject({
      code: "E_DIVERGED",
      details: { epoch: 1, step: 1, place: 'the result of "one"' },
    });
  });
});
