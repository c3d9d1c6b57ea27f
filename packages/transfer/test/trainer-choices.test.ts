import { Gpu } from "@tlx/kernels";
import type { TrainInput, TrainSettings } from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePictures, madeSamples, tinyTraining } from "./tiny-model.js";
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

describe("the best epoch", () => {
  // Labels of the validation samples are the wrong way round, so every epoch is worse there than the one before.
  const swapped = madeSamples("val", 5).map(({ file, label }) => ({ file, label: 1 - label }));
  const made = (settings: Partial<TrainSettings>): TrainInput =>
    tinyTraining(gpu, { settings: { epochs: 5, batch: 8, learningRate: 0.1, ...settings } });
  const worsening: TrainInput["pictures"] = (samples, options) =>
    madePictures(
      samples.map(({ file, label }) => ({ file, label: file.startsWith("val") ? 1 - label : label })),
      new Set(),
      options,
    );
  const pictures: TrainInput["pictures"] = async function* (samples, options) {
    let i = 0;
    for await (const made of worsening(samples, options)) yield { ...made, item: samples[i++]! };
  };

  it.each(["accuracy", "loss"] as const)("by %s is kept with its figures and weights", async (metric) => {
    const { events, result } = await trainToEnd({ ...made({ metric }), val: swapped, pictures });
    const epochs = epochsOf(events);
    expect(epochs.map((e) => e.best)).toEqual([true, false, false, false, false]);
    expect(result).toMatchObject({ bestEpoch: 1, epochs: 5, trainAccuracy: epochs[0]!.trainAccuracy });
    expect(result.val.loss).toBe(epochs[0]!.valLoss);
    const checkpoints = events.filter((e) => e.type === "checkpoint");
    expect(checkpoints.map((c) => c.best)).toEqual(epochs.map((e) => e.best));
    for (const [path, tensor] of checkpoints[0]!.weights) expect(result.weights.get(path)).toEqual(tensor);
    expect(checkpoints[1]!.weights).not.toEqual(checkpoints[0]!.weights);
  });

  it("ends training when none has been better for a while", async () => {
    const { events, result } = await trainToEnd({ ...made({ patience: 2 }), val: swapped, pictures });
    expect(epochsOf(events)).toHaveLength(3);
    expect(events.slice(-2)).toMatchObject([
      { type: "stopped", reason: "patience", epoch: 3 },
      { type: "done", epochs: 3, bestEpoch: 1 },
    ]);
    expect(result).toMatchObject({ bestEpoch: 1, epochs: 3, interrupted: false });
  });

  it("of the head does not end a phase that has just begun", async () => {
    const settings = { patience: 2, headEpochs: 3, unfreeze: "all", baseRate: 1e-3 };
    const { events, result } = await trainToEnd({ ...made(settings), val: swapped, pictures });
    expect(result.bestEpoch).toBe(1);
    expect(events.at(-2)).toMatchObject({ type: "stopped", reason: "patience", epoch: 5 });
  });

  it("is the last one while training gets better, whatever the patience", async () => {
    const { events, result } = await trainToEnd(made({ patience: 1 }));
    expect(epochsOf(events).map((e) => e.best)).toEqual([true, true, true, true, true]);
    expect(result.bestEpoch).toBe(5);
  });
});

describe("settings of the head and its steps", () => {
  const run = (settings: Partial<TrainSettings>, change: Partial<TrainInput> = {}): Promise<Run> =>
    trainToEnd(tinyTraining(gpu, { settings: { epochs: 6, batch: 8, learningRate: 0.1, ...settings }, ...change }));

  it("tell the learning rate of the schedule", async () => {
    const { events } = await run({ schedule: "cosine", warmupEpochs: 1, epochs: 4 });
    const rates = epochsOf(events).map((e) => e.learningRate);
    expect(rates[0]).toBeCloseTo(0.1, 6);
    for (const [i, rate] of rates.entries()) if (i > 0) expect(rate).toBeLessThan(rates[i - 1]!);
    expect(rates.at(-1)).toBeGreaterThan(0);
  });

  const choices: readonly Partial<TrainSettings>[] = [
    { optimizer: "sgd", nesterov: true },
    { hidden: 6, dropout: 0.3, epochs: 20, learningRate: 0.05 },
    { labelSmoothing: 0.1, clipNorm: 1, warmupEpochs: 2, schedule: "cosine" },
  ];
  it.each(choices)("learn the colours with %j", async (settings) => {
    const { events, result } = await run(settings);
    expect(result.val.accuracy).toBe(1);
    const again = await run(settings);
    expect(again.result.weights).toEqual(result.weights);
    const plain = await run({ epochs: settings.epochs ?? 6, learningRate: settings.learningRate ?? 0.1 });
    expect(epochsOf(events).map((e) => e.loss)).not.toEqual(epochsOf(plain.events).map((e) => e.loss));
  });

  it("let a rare class weigh as much as a common one", async () => {
    const train = madeSamples("train", 12).filter(({ label }, i) => label === 0 || i < 15);
    const bias = async (classWeights: "none" | "auto"): Promise<number> => {
      const { events } = await run({ classWeights, epochs: 1, batch: 16, optimizer: "sgd" }, { train });
      const head = events.find((e) => e.type === "checkpoint")!.weights;
      return head.get("head.bias")!.data[0]!;
    };
    // From zeros, one step of 0.1 moves the first bias by 0.1 (share of its class - 1/2); 12 of the 15 are of it.
    expect(await bias("none")).toBeCloseTo(0.1 * (12 / 15 - 1 / 2), 6);
    expect(await bias("auto")).toBeCloseTo(0, 6);
  });
});
