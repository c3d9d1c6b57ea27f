/**
 * Whole networks with formula weights against an independent program in double: logits and module results, of the plain
 * graph and of the optimized one.
 */
import type { Gpu } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withOutputs } from "@tlx/nn";
import { findModel, loadPretrained } from "@tlx/transfer";
import { beforeAll, describe, expect, it } from "vitest";
import { formulaInput } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";
import { layerError, logitError, readSeeded, type Seeded, seededCheckpoint } from "./support/seeded.js";
import { describeShared } from "./support/shared.js";

const logitTolerance = 5e-5;
const layerTolerance = 2e-4;

const quick = [
  { model: "alexnet", file: "alexnet" },
  { model: "efficientnet-b0", file: "efficientnet_b0" },
  { model: "mobilenet-v2", file: "mobilenet_v2" },
  { model: "resnet-18", file: "resnet18" },
];
const slow = [
  { model: "inception-v3", file: "inception_v3" },
  { model: "mobilenet-v3-small", file: "mobilenet_v3_small" },
  { model: "resnet-50", file: "resnet50" },
];

describeShared("seeded outputs", () => {
  describe.each(process.env.TLX_DEEP ? [...quick, ...slow] : quick)("of $model", ({ model, file }) => {
    const seeded: Seeded = readSeeded(file);
    const [batch, , inputSize] = seeded.input_shape;
    let gpu: Gpu;
    let network: Network;
    beforeAll(async () => {
      gpu = await testGpu();
      const plain = loadPretrained(findModel(model), seededCheckpoint(seeded), { batch, inputSize });
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
});
