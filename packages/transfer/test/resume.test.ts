/** A run that goes on from a saved state, and one that loses its device, end with the bits of an undisturbed one. */
import { Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { type Snapshot, type TrainEvent, type TrainInput, type TrainSettings, train } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { readSnapshot, writeSnapshot } from "../src/run/snapshot-file.js";
import { madePictures, madeSamples, tinyTraining } from "./tiny-model.js";
import { epochsOf, type Run, trainToEnd } from "./train-to-end.js";

const deep = process.env.TLX_DEEP !== undefined;

/** 20 samples in steps of 5: 4 steps an epoch, 60 in all. */
const LONG: Partial<TrainSettings> = { epochs: 15, batch: 5, learningRate: 0.05, saveSteps: 1, extractBatch: 3 };

/** What makes a run hard to go on with, all at once. */
const settingsOf = (more: Partial<TrainSettings>): Partial<TrainSettings> => ({ ...LONG, ...more });
const runs: readonly { readonly name: string; readonly settings: Partial<TrainSettings> }[] = [
  { name: "the head", settings: settingsOf({ schedule: "cosine", averageDecay: 0.9, dropout: 0.3 }) },
  {
    name: "everything, with batch norm, augmentation, mixing and parts",
    settings: settingsOf({
      ...{ unfreeze: "all", batchNorm: "train", augment: "light", mixup: 0.4, cutmix: 1 },
      ...{ accumulate: 2, schedule: "one-cycle", averageDecay: 0.8, optimizer: "sgd" },
    }),
  },
  {
    name: "half precision in phases",
    settings: settingsOf({ unfreeze: "all", headEpochs: 2, epochs: 13, precision: "f16", labelSmoothing: 0.1 }),
  },
];

const snapshotsOf = (events: readonly TrainEvent[]): Snapshot[] =>
  events.flatMap((e) => (e.type === "snapshot" ? [e.snapshot] : []));

/** What decides whether two runs are equal. */
const outcome = ({ result, events }: Run): unknown => ({
  weights: result.weights,
  best: result.bestEpoch,
  val: result.val,
  figures: epochsOf(events).map(({ ms: _, ...figures }) => figures),
});

describe.each(runs)("a run of $name", ({ settings }) => {
  let gpu: Gpu;
  let input: TrainInput;
  let whole: Run;
  beforeAll(async () => {
    gpu = new Gpu((await testGpu()).device);
    input = tinyTraining(gpu, { settings, identity: { data: "two colours" } });
    whole = await trainToEnd(input);
  });
  afterAll(() => {
    expect(gpu.liveBytes).toBe(0);
    gpu.dispose();
  });

  it("saves a state after every step", () => {
    const places = snapshotsOf(whole.events).map(({ position }) => 4 * position.epoch + position.step);
    expect(new Set(places)).toEqual(new Set(Array.from({ length: 60 }, (_, i) => i + 1)));
  });

  it("goes on from any of them to the same bits, with the figures that were missing", async () => {
    const snapshots = snapshotsOf(whole.events);
    const chosen = deep ? snapshots : [2, 29, snapshots.length - 1].map((i) => snapshots[i]!);
    for (const snapshot of chosen) {
      const read = await readSnapshot(await writeSnapshot(snapshot));
      const rest = await trainToEnd({ ...input, resume: read });
      const { epoch } = snapshot.position;
      const events = [...whole.events.filter((e) => e.type === "epoch" && e.epoch <= epoch), ...rest.events];
      expect(outcome({ ...rest, events }), `epoch ${epoch}, step ${snapshot.position.step}`).toEqual(outcome(whole));
    }
  });

  it("is not taken for another one", async () => {
    const [snapshot] = snapshotsOf(whole.events);
    const failure = async (change: Partial<TrainInput>): Promise<TlxError> =>
      trainToEnd({ ...input, ...change, resume: snapshot! }).then(
        () => expect.unreachable(),
        (error) => error,
      );
    const seed = await failure({ settings: { ...settings, seed: 2 } });
    expect(seed).toMatchObject({ code: "E_USAGE" });
    expect(seed.message).toContain("settings.seed: expected 1, found 2");
    expect((await failure({ classes: ["red", "green"] })).message).toContain("classes");
    expect((await failure({ train: madeSamples("train", 11) })).message).toContain("pictures");
    expect((await failure({ identity: { data: "others" } })).message).toContain("data");
    expect((await failure({ model: { ...input.model, name: "other" } })).message).toContain("network");
  });

  it("survives the loss of its device", async () => {
    const times = deep ? 10 : 1;
    for (let round = 0; round < times; round++) {
      const lost = await trainWithLosses(input, round);
      expect(outcome(lost), `round ${round}`).toEqual(outcome(whole));
      expect(lost.events.some((e) => e.type === "warning" && e.message.includes("lost"))).toBe(true);
    }
  });
});

/** Trains on devices that break at places drawn by `seed`: after an event, or some time after it. */
async function trainWithLosses(input: TrainInput, seed: number): Promise<Run> {
  const opened: Gpu[] = [];
  const open = async (): Promise<Gpu> => {
    const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER });
    opened.push(gpu);
    return gpu;
  };
  const first = await open();
  const training = train({ ...input, gpu: first, reopenGpu: open });
  const events: TrainEvent[] = [];
  let next = 3 + ((7 * seed) % 23);
  let wait = seed % 3;
  const breaks = (): void => opened.at(-1)!.device.destroy();
  try {
    for (;;) {
      const { done, value } = await training.next();
      if (done) return { events, result: value };
      events.push(value);
      if (events.length !== next) continue;
      if (wait === 0) breaks();
      else setTimeout(breaks, 7 * wait);
      [next, wait] = [next + 71 + seed, (wait + 1) % 3];
    }
  } finally {
    for (const gpu of opened) {
      expect(gpu.liveBytes).toBe(0);
      gpu.dispose();
    }
  }
}

it("a run is not gone on with on another adapter, nor with other pictures", async () => {
  const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER });
  const input = tinyTraining(gpu, { settings: LONG });
  const other = { device: { adapterInfo: { vendor: "other" } } } as unknown as Gpu;
  const training = train({ ...input, reopenGpu: async () => other });
  const snapshots: Snapshot[] = [];
  const end = (async () => {
    for await (const event of training) {
      if (event.type === "snapshot" && snapshots.push(event.snapshot) === 2) gpu.device.destroy();
    }
  })();
  await expect(end).rejects.toMatchObject({ code: "E_DEVICE", message: expect.stringContaining("another adapter") });
  gpu.dispose();
  const again = new Gpu((await testGpu()).device);
  const pictures: TrainInput["pictures"] = (samples, options) => madePictures(samples, new Set(["train/0/3"]), options);
  await expect(trainToEnd({ ...input, gpu: again, pictures, resume: snapshots[1]! })).rejects.toMatchObject({
    code: "E_DATA",
    message: expect.stringContaining("put them back and resume"),
  });
  again.dispose();
});

it("a run goes on on another adapter when that is agreed to, without the kernels that were tuned for the one before", async () => {
  const gpu = new Gpu((await testGpu()).device);
  const input = tinyTraining(gpu, { settings: LONG, identity: { data: "two colours" } });
  const whole = await trainToEnd(input);
  const found = snapshotsOf(whole.events)[30]!;
  const { adapter: here } = found.identity;
  const position = { ...found.position, kernels: "0123abcd", choices: { "none(f32)": { variant: "tuned" } } };
  const elsewhere: Snapshot = { ...found, position, identity: { ...found.identity, adapter: "another" } };
  await expect(trainToEnd({ ...input, resume: elsewhere })).rejects.toMatchObject({
    ...{ code: "E_USAGE", message: expect.stringContaining("acceptOtherGpu"), details: { differences: ["adapter"] } },
  });
  const differing = { ...input, settings: { ...LONG, epochs: 16 }, resume: elsewhere, acceptOtherGpu: true };
  await expect(trainToEnd(differing)).rejects.toMatchObject({
    ...{ code: "E_USAGE", details: { differences: ["settings.epochs"] } },
  });
  const { result, events } = await trainToEnd({ ...input, resume: elsewhere, acceptOtherGpu: true });
  const { epoch, step } = found.position;
  expect(events[0]).toEqual({ type: "other-gpu", before: "another", now: here, epoch, step });
  expect(result.weights).toEqual(whole.result.weights); // it is the same adapter in truth
  for (const { identity, position } of snapshotsOf(events)) {
    expect([identity.adapter, position.choices, position.kernels]).toEqual([here, undefined, found.position.kernels]);
  }
  const same = await trainToEnd({ ...input, resume: found, acceptOtherGpu: true });
  expect(same.events[0]?.type).toBe("plan");
  gpu.dispose();
});

describe("a device that is lost for good", () => {
  it("ends the run, whose state can be gone on from", async () => {
    const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER });
    const input = tinyTraining(gpu, { settings: LONG });
    const reopenGpu = (): Promise<Gpu> =>
      Promise.reject(new TlxError("E_ADAPTER", "gpu: expected an adapter, found none"));
    const training = train({ ...input, reopenGpu });
    const events: TrainEvent[] = [];
    const end = (async () => {
      for await (const event of training) {
        events.push(event);
        if (snapshotsOf(events).length === 9) gpu.device.destroy();
      }
    })();
    await expect(end).rejects.toMatchObject({
      code: "E_DEVICE",
      message: expect.stringMatching(/the device was lost .* could not be opened again: .*found none; resume/),
    });
    expect(gpu.liveBytes).toBe(0);
    gpu.dispose();
    const other = new Gpu((await testGpu()).device);
    const resumed = await trainToEnd({ ...input, gpu: other, resume: snapshotsOf(events).at(-1)! });
    const whole = await trainToEnd({ ...input, gpu: other });
    expect(resumed.result.weights).toEqual(whole.result.weights);
    other.dispose();
  });
});
