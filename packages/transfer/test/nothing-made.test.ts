/** Loops that are under way make nothing on the device, and leave nothing behind in memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Gpu } from "@tlx/kernels";
import { buildTransferGraph, Predictor, type TrainInput, type TrainSettings, train } from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { initialWeights } from "../src/models/initial-weights.js";
import { type madePicture, madePictures, madeSamples, tinyModel, tinyTraining } from "./tiny-model.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const makers = [
  ...["createBuffer", "createTexture", "createSampler", "createQuerySet", "createShaderModule"],
  ...["createBindGroup", "createBindGroupLayout", "createPipelineLayout"],
  ...["createComputePipeline", "createComputePipelineAsync", "pushErrorScope"],
] as (keyof GPUDevice)[];

let gpu: Gpu;
/** What was made on the device since the test began. */
let made: string[];

beforeEach(async () => {
  const { device } = await testGpu();
  made = [];
  for (const name of makers) {
    const make = (device[name] as (...args: unknown[]) => unknown).bind(device);
    Object.defineProperty(device, name, {
      configurable: true,
      value(...args: unknown[]) {
        const { label } = (args[0] ?? {}) as { readonly label?: string };
        made.push(`${name} ${label ?? args[0]}`);
        return make(...args);
      },
    });
  }
  gpu = new Gpu(device);
});

afterEach(() => {
  for (const name of makers) delete gpu.device[name];
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

/** Bytes in use after a collection: JavaScript objects and what they hold outside the heap. */
async function bytesInUse(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((done) => setImmediate(done));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What keeps every epoch in mind: its figures. Collections wobble by more. */
const WOBBLE = 2 ** 19;
const EPOCHS = 24;
/** By then every buffer has been used in turn. */
const WARM = 4;

describe("training makes nothing once it is under way:", () => {
  const cases: readonly (readonly [string, Partial<TrainSettings>])[] = [
    ["a head on kept features", {}],
    ["a head on two views", { augment: "light", views: 2 }],
    ["the last block on kept features, in parts", { unfreeze: "last:1", batch: 12, averageDecay: 0.9 }],
    ["live pictures, changed by chance", { augment: "light" }],
    ["all layers on mixed pictures", { unfreeze: "all", mixup: 0.2, augment: "light" }],
  ];

  it.each(cases)("%s", async (_, settings) => {
    let bytes = 0;
    let epochs = 0;
    const input = tinyTraining(gpu, { settings: { batch: 8, learningRate: 0.01, ...settings, epochs: EPOCHS } });
    for await (const event of train(input)) {
      if (event.type !== "epoch") continue;
      epochs = event.epoch;
      if (epochs === WARM) {
        expect(made.length).toBeGreaterThan(0);
        made.length = 0;
        bytes = await bytesInUse();
      }
      if (epochs !== EPOCHS) continue;
      expect(made).toEqual([]);
      expect((await bytesInUse()) - bytes).toBeLessThan(WOBBLE);
    }
    expect(epochs).toBe(EPOCHS);
  });
});

/** Pictures of many sizes, the largest first. */
async function* pictures(count: number): AsyncGenerator<{ item: number; picture: ReturnType<typeof madePicture> }> {
  for (let item = 0; item < count; item++) {
    const [width, height] = item === 0 ? [40, 40] : [20 + (item % 7), 15 + (item % 5)];
    yield { item, picture: { width, height, data: new Uint8Array(4 * width * height).fill(item) } };
  }
}

it("prediction makes nothing once it is under way, whatever the sizes of pictures", async () => {
  const graph = buildTransferGraph(tinyModel, { batch: 3, form: "folded", classes: 2 });
  const network = { graph, weights: initialWeights(graph, 1) };
  const { preprocess } = tinyModel;
  const predictor = await Predictor.create(gpu, network, { preprocess, labels: ["a", "b"], batch: 3 });
  try {
    let bytes = 0;
    let done = 0;
    for await (const result of predictor.run(pictures(200))) {
      expect("row" in result).toBe(true);
      if (++done !== 40) continue; // all staging buffers were used by then
      made.length = 0;
      bytes = await bytesInUse();
    }
    expect(done).toBe(200);
    expect(made).toEqual([]);
    expect((await bytesInUse()) - bytes).toBeLessThan(WOBBLE);
  } finally {
    predictor.dispose();
  }
});

it("extraction makes nothing once it is under way", async () => {
  const samples = madeSamples("train", 90);
  let counting = false;
  for await (const event of train(tinyTraining(gpu, { train: samples, settings: { epochs: 1, extractBatch: 3 } }))) {
    if (event.type !== "features" || event.split !== "train") continue;
    if (event.done === 45) {
      counting = true;
      made.length = 0;
    }
    if (event.done === event.total) expect(made).toEqual([]);
  }
  expect(counting).toBe(true);
});

/** The pictures of a tiny training, with a word before each. */
const told = (tell: () => Promise<void>): TrainInput["pictures"] =>
  async function* (samples, options) {
    for await (const picture of madePictures(samples, new Set(), options)) {
      await tell();
      yield picture;
    }
  };

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

it("a device that gives no results holds up decoding, though not before the pictures of the next step", async () => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let holding = false;
  const slow = new Gpu(gpu.device, {
    waiting: async (pending) => {
      const value = await pending;
      if (holding) await opened;
      return value;
    },
  });
  let decoded = 0;
  const pictures = told(async () => {
    if (holding) decoded++;
  });
  const settings: Partial<TrainSettings> = { augment: "light", batch: 3, epochs: 2, learningRate: 0.01 };
  const run = (async () => {
    for await (const event of train(tinyTraining(slow, { train: madeSamples("train", 30), pictures, settings }))) {
      if (event.type === "epoch" && event.epoch === 1) holding = true;
    }
  })();
  while (!holding) await pause(5);
  let before: number;
  do {
    before = decoded;
    await pause(200);
  } while (decoded !== before || decoded <= 3);
  // Two steps of three pictures may be under way, and uploads take turns among eight buffers.
  expect(decoded).toBeLessThanOrEqual(9);
  open();
  await run;
  expect(slow.liveBytes).toBe(0);
  slow.dispose();
});

it("pictures of a slow decoder are sent to the device one by one", async () => {
  const trace: string[] = [];
  const { device } = gpu;
  const encode = device.createCommandEncoder.bind(device);
  const words: Record<string, string> = { preprocess: "upload", train: "step" };
  Object.defineProperty(device, "createCommandEncoder", {
    configurable: true,
    value(descriptor: GPUObjectDescriptorBase) {
      const word = words[descriptor.label ?? ""];
      if (word !== undefined) trace.push(word);
      return encode(descriptor);
    },
  });
  try {
    const pictures = told(async () => {
      trace.push("decode");
      await pause(3);
    });
    const settings: Partial<TrainSettings> = { augment: "light", batch: 4, epochs: 2, learningRate: 0.01 };
    for await (const event of train(tinyTraining(gpu, { pictures, settings }))) {
      if (event.type === "epoch" && event.epoch === 1) trace.length = 0;
    }
  } finally {
    Reflect.deleteProperty(device, "createCommandEncoder");
  }
  const step = [...Array(4).fill(["decode", "upload"]).flat(), "step"];
  expect(trace).toEqual(Array(5).fill(step).flat());
});
