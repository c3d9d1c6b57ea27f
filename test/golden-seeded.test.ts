/**
 * Whole networks with formula weights against an independent program in double: logits and module results, of the plain
 * graph and of the optimized one.
 */
import { readFileSync } from "node:fs";
import { type Gpu, type HostTensor, sizeOf } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withOutputs } from "@tlx/nn";
import { findModel, loadPretrained, parseSafetensors, writeSafetensors } from "@tlx/transfer";
import { beforeAll, expect, it } from "vitest";
import { formulaInput, formulaTensor } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

interface SeededLayer {
  readonly shape: readonly number[];
  readonly absmean: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

interface Seeded {
  readonly input_shape: readonly [number, number, number, number];
  readonly input_first8: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly layers: Readonly<Record<string, SeededLayer>>;
  readonly tensors: readonly (readonly [string, readonly number[], number, number, number, number])[];
}

const logitTolerance = 5e-5;
const layerTolerance = 2e-4;

/** The formula's tensors as a checkpoint, by way of a file, so that reader and layout change are part of the test. */
function seededCheckpoint({ tensors }: Seeded): ReturnType<typeof parseSafetensors> {
  const stored = new Map<string, HostTensor>();
  for (const [name, shape, a, b, first, last] of tensors) {
    const data = formulaTensor({ name, a, b }, sizeOf({ dtype: "f32", shape }));
    expect([data[0], data.at(-1)], name).toEqual([first, last]);
    stored.set(name, { spec: { dtype: "f32", shape }, data });
  }
  return parseSafetensors(writeSafetensors(stored));
}

/** Largest difference over the largest distance of a logit from the mean of its item. */
function logitError(actual: HostTensor["data"], expected: Seeded["logits"]): number {
  let difference = 0;
  let spread = 0;
  expected.forEach((item, n) => {
    const mean = item.reduce((a, b) => a + b) / item.length;
    item.forEach((logit, i) => {
      difference = Math.max(difference, Math.abs(actual[n * item.length + i] - logit));
      spread = Math.max(spread, Math.abs(logit - mean));
    });
  });
  return difference / spread;
}

/** Index into our NHWC value of flat index `at` of the reference's NCHW one. */
function nhwcIndex(at: number, shape: readonly number[]): number {
  if (shape.length < 4) return at;
  const [, c, h, w] = shape;
  const [x, y] = [at % w, Math.floor(at / w) % h];
  const [channel, n] = [Math.floor(at / (w * h)) % c, Math.floor(at / (w * h * c))];
  return ((n * h + y) * w + x) * c + channel;
}

/** Largest difference of the sampled values over the layer's mean magnitude. */
function layerError(actual: HostTensor["data"], { shape, absmean, at, values }: SeededLayer): number {
  return Math.max(...at.map((i, k) => Math.abs(actual[nhwcIndex(i, shape)] - values[k]))) / absmean;
}

describeShared("seeded outputs of mobilenet-v2", () => {
  const seeded: Seeded = JSON.parse(readFileSync(sharedPath("golden-seeded/mobilenet_v2.json"), "utf8"));
  const [batch, , inputSize] = seeded.input_shape;
  let gpu: Gpu;
  let network: Network;
  beforeAll(async () => {
    gpu = await testGpu();
    const plain = loadPretrained(findModel("mobilenet-v2"), seededCheckpoint(seeded), { batch, inputSize });
    network = { ...plain, graph: withOutputs(plain.graph, Object.keys(seeded.layers)) };
  });

  it("makes the reference's input", () => {
    const nhwc = formulaInput(batch, inputSize);
    expect(seeded.input_first8.map((_, x) => nhwc[3 * x])).toEqual(seeded.input_first8);
  });

  it.each([
    { form: "plain", prepare: (n: Network) => n },
    { form: "optimized", prepare: optimizeForInference },
  ])("$form graph", async ({ prepare, form }) => {
    const { graph, weights } = prepare(network);
    const before = gpu.liveBytes;
    const program = await Program.compile(gpu, graph, weights, { label: form });
    try {
      program.write("image", formulaInput(batch, inputSize));
      program.run();
      const errors = new Map<string, number>();
      for (const [name, layer] of Object.entries(seeded.layers)) {
        errors.set(name, layerError((await program.read(name)).data, layer));
      }
      expect([...errors].filter(([, error]) => !(error <= layerTolerance))).toEqual([]);
      const logits = logitError((await program.read("logits")).data, seeded.logits);
      expect(logits).toBeLessThanOrEqual(logitTolerance);
    } finally {
      program.dispose();
    }
    expect(gpu.liveBytes).toBe(before);
  });
});
