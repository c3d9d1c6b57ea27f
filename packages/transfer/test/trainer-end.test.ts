import { Gpu } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import {
  MemoryFeatureStore,
  type Snapshot,
  type TrainEvent,
  type TrainInput,
  type TrainResult,
  train,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePictures, tinyTraining } from "./tiny-model.js";
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

describe("an end before the end", () => {
  it("comes with the reason of the signal while pictures are read", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const training = train(tinyTraining(gpu, { signal: controller.signal }));
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const event of training) {
        seen.push(event.type);
        if (event.type === "features") controller.abort(reason);
      }
    };
    await expect(reading()).rejects.toBe(reason);
    expect(seen).toEqual(["plan", "phase", "features"]);
  });

  /** Aborts at the first read of features after `after` epochs; the reads of an epoch are its steps, then its evaluation. */
  async function interrupted(after: number): Promise<{ readonly events: TrainEvent[]; result?: TrainResult }> {
    const controller = new AbortController();
    let epochs = 0;
    const openFeatures: TrainInput["openFeatures"] = async (_, width) => {
      const store = new MemoryFeatureStore(width);
      const read = store.read.bind(store);
      store.read = (hashes, into) => {
        if (epochs === after) controller.abort(new Error("enough"));
        return read(hashes, into);
      };
      return store;
    };
    const training = train(tinyTraining(gpu, { openFeatures, signal: controller.signal }));
    const events: TrainEvent[] = [];
    for (;;) {
      const { done, value } = await training.next();
      if (done) return { events, result: value };
      events.push(value);
      if (value.type === "epoch") epochs++;
    }
  }

  it("within the first epoch leaves nothing to keep: it comes with the reason", async () => {
    await expect(interrupted(0)).rejects.toThrow("enough");
  });

  it("within the first epoch saves where it stands, from where it goes on to the same bits", async () => {
    const controller = new AbortController();
    let reads = 0;
    const openFeatures: TrainInput["openFeatures"] = async (_, width) => {
      const store = new MemoryFeatureStore(width);
      const read = store.read.bind(store);
      store.read = (hashes, into) => {
        if (++reads === 3) controller.abort(new Error("enough"));
        return read(hashes, into);
      };
      return store;
    };
    const input = tinyTraining(gpu, { settings: { ...tinyTraining(gpu).settings, batch: 3 } });
    const snapshots: Snapshot[] = [];
    const reading = async (): Promise<void> => {
      for await (const event of train({ ...input, openFeatures, signal: controller.signal })) {
        if (event.type === "snapshot") snapshots.push(event.snapshot);
      }
    };
    await expect(reading()).rejects.toThrow("enough");
    expect(snapshots).toHaveLength(1);
    expect(snapshots[0]!.position).toMatchObject({ epoch: 0, step: expect.toSatisfy((step) => step > 0 && step < 7) });
    const rest = await trainToEnd({ ...input, resume: snapshots[0]! });
    expect(rest.result.weights).toEqual((await trainToEnd(input)).result.weights);
  });

  it("within a later epoch keeps the best so far", async () => {
    const { events, result } = await interrupted(2);
    expect(result).toMatchObject({ interrupted: true, epochs: 2, bestEpoch: 2 });
    expect(events.slice(-2)).toMatchObject([
      { type: "stopped", reason: "interrupted", epoch: 2 },
      { type: "done", epochs: 2, bestEpoch: 2 },
    ]);
    const whole = await trainToEnd(tinyTraining(gpu, { settings: { ...tinyTraining(gpu).settings, epochs: 2 } }));
    expect(result!.weights).toEqual(whole.result.weights);
  });

  it.each([
    { headEpochs: 0, after: 2 },
    { headEpochs: 2, after: 2 }, // between phases
  ])("keeps the best so far when the source of pictures ends with the reason: %o", async ({ headEpochs, after }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const pictures: TrainInput["pictures"] = async function* (samples, options) {
      for await (const made of madePictures(samples, new Set(), options)) {
        signal.throwIfAborted();
        yield made;
      }
    };
    const settings: TrainInput["settings"] = { epochs: 4, batch: 8, unfreeze: "all", baseRate: 1, headEpochs };
    const training = train(tinyTraining(gpu, { pictures, signal, settings }));
    let event = await training.next();
    for (; !event.done; event = await training.next()) {
      if (event.value.type === "checkpoint" && event.value.epoch === after) controller.abort(new Error("enough"));
    }
    expect(event.value).toMatchObject({ interrupted: true, epochs: after });
  });

  it("frees everything when the reader leaves", async () => {
    for (const type of ["plan", "features", "epoch"]) {
      for await (const event of train(tinyTraining(gpu))) if (event.type === type) break;
      expect(gpu.liveBytes, type).toBe(0);
    }
  });

  it("passes on what the source of pictures throws", async () => {
    const broken: TrainInput["pictures"] = async function* (samples) {
      yield* madePictures(samples.slice(0, 4));
      throw new Error("the disk is gone");
    };
    await expect(trainToEnd(tinyTraining(gpu, { pictures: broken }))).rejects.toThrow("the disk is gone");
  });

  it("rejects with E_DEVICE when the device is lost, while pictures are read and between epochs", async () => {
    for (const type of ["features", "epoch"]) {
      const own = await openGpu({ adapter: process.env.TLX_ADAPTER });
      const reading = async (): Promise<void> => {
        for await (const event of train(tinyTraining(own))) if (event.type === type) own.device.destroy();
      };
      await expect(reading()).rejects.toMatchObject({ code: "E_DEVICE" });
      expect(own.liveBytes).toBe(0);
      own.dispose();
    }
  });
});
