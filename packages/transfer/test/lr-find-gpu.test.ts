/** The search for a learning rate beside a real training: what it finds, and that it touches nothing. */
import { Gpu } from "@tlx/kernels";
import {
  findLearningRate,
  geometricRates,
  MemoryFeatureStore,
  prepareJob,
  type RateEvent,
  type RateFinding,
  type RateSearch,
  type Snapshot,
  type TrainEvent,
  type TrainInput,
  type TrainResult,
  type TrainSettings,
  testRange,
  train,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { hashState, stateBefore } from "../src/lr-find/hash-state.js";
import { madeSamples, tinyTraining } from "./tiny-model.js";
import { trainToEnd } from "./train-to-end.js";

/** A Gpu of its own on the shared device, so that its count starts at 0 and must end there. */
let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

interface Found {
  readonly events: readonly RateEvent[];
  readonly finding: RateFinding;
}

async function find(input: TrainInput, search?: RateSearch): Promise<Found> {
  const events: RateEvent[] = [];
  const finding = findLearningRate(input, search);
  for (;;) {
    const { done, value } = await finding.next();
    if (done) return { events, finding: value };
    events.push(value);
  }
}

const inputOf = (settings: Partial<TrainSettings>, change: Partial<TrainInput> = {}): TrainInput =>
  tinyTraining(gpu, { settings: { epochs: 4, batch: 8, extractBatch: 5, ...settings }, ...change });

/** What makes the state of a training rich: moments, averages, statistics, a schedule, random draws. */
const rich: Partial<TrainSettings> = {
  ...{ unfreeze: "all", batchNorm: "train", augment: "light", mixup: 0.4, dropout: 0.3, averageDecay: 0.9 },
  ...{ schedule: "one-cycle", learningRate: 0.05, saveSteps: 1, epochs: 3 },
};

describe("a training under way", () => {
  it("has the same state before and after a search beside it, and ends with the same bits", async () => {
    const input = inputOf(rich);
    const undisturbed = await trainToEnd(input);
    const training = train(input);
    let searched = 0;
    let result: TrainResult | undefined;
    let events: TrainEvent[] = [];
    while (!result) {
      const { done, value } = await training.next();
      if (done) {
        result = value;
        break;
      }
      events = [...events, value];
      if (value.type !== "snapshot" || ++searched !== 5) continue;
      const before = await hashState(value.snapshot);
      const { finding } = await find(input, { steps: 20, epochs: 1 });
      expect(finding.state.after).toBe(finding.state.before);
      expect(await hashState(value.snapshot)).toBe(before);
    }
    expect(searched).toBeGreaterThan(5);
    const snapshots = (all: readonly TrainEvent[]): Snapshot[] =>
      all.flatMap((e) => (e.type === "snapshot" ? [e.snapshot] : []));
    const hashes = (all: readonly TrainEvent[]): Promise<string[]> => Promise.all(snapshots(all).map(hashState));
    // From the step after the search on, every weight, moment, average and place is what it would have been.
    expect(await hashes(events)).toEqual(await hashes(undisturbed.events));
    expect(result.weights).toEqual(undisturbed.result.weights);
    expect([...snapshots(events).at(-1)!.tensors.keys()].some((path) => path.endsWith("/average"))).toBe(true);
  });

  it("that has not begun starts from what it would have", async () => {
    const input = inputOf({ epochs: 2, learningRate: 0.05 });
    const before = await hashState(stateBefore(prepareJob(input)));
    const { finding } = await find(input, { steps: 30, epochs: 2 });
    expect(finding.state).toEqual({ before, after: before });
    expect(await hashState(stateBefore(prepareJob(input)))).toBe(before);
    const other = { ...input, settings: { ...input.settings, seed: 2 } };
    expect(await hashState(stateBefore(prepareJob(other)))).not.toBe(before);
  });
});

describe("a search", () => {
  it("finds a rate that trains, the same again, without the samples to measure on", async () => {
    const unseen = { val: [{ file: "val/never/read", label: 0 }] };
    const read: string[] = [];
    const input = inputOf({ epochs: 3 }, unseen);
    const pictures: TrainInput["pictures"] = (samples, options) => {
      read.push(...samples.map((s) => s.file));
      return input.pictures(samples, options);
    };
    const { finding, events } = await find({ ...input, pictures });
    expect(read.some((file) => file.startsWith("val/"))).toBe(false);
    const { learningRate: _, ...settings } = input.settings!;
    const { val } = inputOf({});
    const trained = await trainToEnd({ ...input, val, settings: { ...settings, learningRate: finding.rate } });
    expect(trained.result.val.accuracy).toBe(1);
    expect(finding.plan).toMatchObject({ folds: 3, parts: 3, trial: { epochs: 3 } });
    expect(finding.trials.length).toBeGreaterThanOrEqual(5);
    for (const { pictures: held } of finding.trials) expect(held).toBe(input.train.length);
    const trials = events.flatMap((e) => (e.type === "trial" ? [e] : []));
    expect(trials.at(-1)).toMatchObject({ done: trials.length, total: trials.length });
    expect((await find(input)).finding).toEqual(finding);
  });

  it("computes features once for all trials, and leaves the store to whoever opened it", async () => {
    const store = new MemoryFeatureStore(8);
    let closed = 0;
    store.close = async () => {
      closed++;
    };
    const { events } = await find(inputOf({ epochs: 1 }, { openFeatures: async () => store }), { steps: 10 });
    const features = events.flatMap((e) => (e.type === "features" ? [e] : []));
    expect(features.filter((e) => e.done === e.total && e.cached < e.total).length).toBe(1);
    expect(closed).toBe(1);
  });

  it("of the range test alone suggests where the loss fell fastest", async () => {
    const { finding, events } = await find(inputOf({}), { folds: 0 });
    const { rate, trials, range } = finding;
    expect(trials).toEqual([]);
    expect(events.some((e) => e.type === "trial")).toBe(false);
    const { steepest } = range.marks;
    expect([rate > steepest / 2, rate < 2 * steepest]).toEqual([true, true]);
  });

  it("refuses a class of a single picture before it computes anything", async () => {
    const few = madeSamples("train", 5).slice(0, 6);
    await expect(find(inputOf({}, { train: few }))).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining('found 1 of "blue"'),
    });
    // The range test needs no held-out pictures.
    expect((await find(inputOf({}, { train: few }), { folds: 0, steps: 40 })).finding.rate).toBeGreaterThan(0);
  });

  it("tells of fewer trials where a class is too small for more", async () => {
    const few = madeSamples("train", 6).filter(({ label }, i) => label === 0 || i >= 10);
    const { finding, events } = await find(inputOf({ epochs: 1 }, { train: few }), { steps: 10 });
    expect(finding.plan).toMatchObject({ folds: 2, parts: 2 });
    const trials = events.flatMap((e) => (e.type === "trial" ? [e] : []));
    expect(trials.at(-1)).toMatchObject({ done: trials.length, total: trials.length });
    expect(trials.length).toBe(2 * finding.trials.length);
  });

  it("ends with the reason of its signal", async () => {
    const controller = new AbortController();
    const finding = findLearningRate(inputOf({}, { signal: controller.signal }));
    const run = async (): Promise<never> => {
      for (;;) {
        const { done, value } = await finding.next();
        if (done) expect.unreachable();
        if ((value as RateEvent).type === "trial") controller.abort(new Error("enough"));
      }
    };
    await expect(run()).rejects.toThrow("enough");
  });
});

describe("a range test", () => {
  const range = async (settings: Partial<TrainSettings>, rates: readonly number[]) => {
    const testing = testRange(gpu, prepareJob(inputOf(settings)), { rates, smoothing: 0.8 });
    for (;;) {
      const { done, value } = await testing.next();
      if (done) return value;
    }
  };

  it("begins at the loss of a training, and does not move where the rate is almost 0", async () => {
    const { points, end } = await range({}, geometricRates(1e-12, 1e-11, 6));
    expect(end).toBe("finished");
    for (const { loss } of points) expect(loss).toBeCloseTo(Math.log(2), 4);
  });

  it("ends where the loss grows far above its start", async () => {
    const rates = geometricRates(1e-4, 1e5, 60);
    const { points, end } = await range({ unfreeze: "all", optimizer: "sgd" }, rates);
    expect(["diverged", "not a number"]).toContain(end);
    expect(points.length).toBeLessThan(60);
    for (const { rate, loss } of points) expect([rates.includes(rate), Number.isFinite(loss)]).toEqual([true, true]);
  });

  it("ends where a loss or a gradient is no number, and keeps what was before", async () => {
    const { points, end } = await range(
      { unfreeze: "all", optimizer: "sgd", momentum: 0 },
      [1e-3, 1e-3, 1e38, 1e-3, 1e-3],
    );
    expect(end).not.toBe("finished");
    expect(points.length).toBeLessThan(5);
    expect(points.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it.each([{ precision: "f16" as const }, { accumulate: 3 }, { batchNorm: "train" as const, dropout: 0.2 }])(
    "steps as a training does: %o",
    async (settings) => {
      const { points } = await range({ unfreeze: "all", ...settings }, geometricRates(1e-5, 3e-2, 40));
      expect(points.length).toBe(40);
      expect(points.at(-1)!.smoothed).toBeLessThan(0.8 * points[0]!.loss);
    },
  );
});
