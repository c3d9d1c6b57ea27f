/**
 * ResNet-18 in training form, with formula weights, against an independent program in double: loss, module results,
 * gradients, running statistics after a step, and the losses of four steps of SGD.
 */
import { type Gpu, type HostTensor, sizeOf } from "@tlx/kernels";
import { type Network, optimizerHyper, Params, Program, withOptimizer, withOutputs } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { exportTensors, findModel, loadTransferred, toHostTensor } from "@tlx/transfer";
import { beforeAll, expect, it } from "vitest";
import { formulaInput } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";
import {
  layerError,
  logitError,
  readSeeded,
  type Seeded,
  type SeededTensor,
  sampleError,
  seededCheckpoint,
} from "./support/seeded.js";
import { describeShared } from "./support/shared.js";
import { batchNormPaths, differentiateNetwork, type TrainingForm, withValues } from "./support/training-form.js";

interface SeededTraining extends Seeded {
  readonly labels: readonly number[];
  readonly loss_value: number;
  readonly gradients: Readonly<Record<string, SeededTensor>>;
  readonly gradient_norm: number;
  readonly running_statistics: Readonly<Record<string, SeededTensor>>;
  readonly sgd: { readonly rate: number; readonly momentum: number; readonly losses: readonly number[] };
}

const lossTolerance = 1e-5;
const gradientTolerance = 2e-3;
const layerTolerance = 2e-4;
const logitTolerance = 5e-5;

type Values = Readonly<Record<string, HostTensor["data"]>>;

/** All that one pass gives: loss, logits, module results, gradients in tlx's layout. */
interface Pass {
  readonly loss: number;
  readonly logits: HostTensor["data"];
  readonly layers: Values;
  readonly gradients: ReadonlyMap<string, HostTensor>;
}

describeShared("seeded training of resnet-18", () => {
  const seeded = readSeeded<SeededTraining>("train_resnet18");
  const [batch, , inputSize] = seeded.input_shape;
  const layers = Object.keys(seeded.layers);
  const inputs = new Map<string, HostTensor["data"]>([
    ["image", formulaInput(batch, inputSize)],
    ["labels", Uint32Array.from(seeded.labels)],
    ["weights", new Float32Array(batch).fill(1 / batch)],
  ]);
  let network: Network;
  let training: TrainingForm;
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await testGpu();
    const classes = seeded.logits[0].length;
    const options = { batch, inputSize, form: "separate", classes } as const;
    const plain = loadTransferred(findModel("resnet-18"), seededCheckpoint(seeded), options);
    network = { ...plain, graph: withOutputs(plain.graph, layers) };
    training = differentiateNetwork(network, batchNormPaths(network));
  });

  function feed(program: Program): void {
    for (const [name, data] of inputs) program.write(name, data);
  }

  async function passOnGpu(): Promise<Pass> {
    const { graph, grads, loss } = training;
    const named = [...grads].map(([path, value]) => [`grad ${path}`, value] as const);
    const program = await Program.compile(gpu, withValues(graph, [["loss", loss], ...named]), network.weights);
    try {
      feed(program);
      program.run();
      const read = async (name: string): Promise<HostTensor> => program.read(name);
      const gradients = new Map<string, HostTensor>();
      for (const path of grads.keys()) gradients.set(path, await read(`grad ${path}`));
      const results: Record<string, HostTensor["data"]> = {};
      for (const name of layers) results[name] = (await read(name)).data;
      return {
        loss: (await read("loss")).data[0],
        logits: (await read("logits")).data,
        layers: results,
        gradients,
      };
    } finally {
      program.dispose();
    }
  }

  async function passInDouble(): Promise<Pass> {
    const { graph, grads, loss } = training;
    const values = interpret(graph, network.weights, inputs);
    const outputOf = (name: string): Float64Array => values.get(graph.outputs.get(name)!)!;
    return {
      loss: values.get(loss)![0],
      logits: outputOf("logits"),
      layers: Object.fromEntries(layers.map((name) => [name, outputOf(name)])),
      gradients: new Map([...grads].map(([path, value]) => [path, { spec: value.spec, data: values.get(value)! }])),
    };
  }

  // The interpreter takes long for what the GPU shows too; where that fails, it tells rules from kernels.
  const inDouble = process.env.TLX_DEEP ? [{ where: "double interpreter", pass: passInDouble }] : [];
  it.each([{ where: "GPU", pass: passOnGpu }, ...inDouble])(
    "loss, layers and gradients on the $where",
    async ({ pass }) => {
      const found = await pass();
      expect(Math.abs(found.loss - seeded.loss_value)).toBeLessThanOrEqual(lossTolerance * seeded.loss_value);
      expect(logitError(found.logits, seeded.logits)).toBeLessThanOrEqual(logitTolerance);
      const tooFar = (errors: readonly (readonly [string, number])[], tolerance: number) =>
        errors.filter(([, error]) => !(error <= tolerance));
      const layerErrors = layers.map((name) => [name, layerError(found.layers[name], seeded.layers[name])] as const);
      expect(tooFar(layerErrors, layerTolerance)).toEqual([]);
      const stored = exportTensors(found.gradients);
      const gradientErrors = Object.entries(seeded.gradients).map(([path, gradient]) => {
        const { spec, data } = toHostTensor(stored.get(path)!);
        expect([path, spec.shape]).toEqual([path, gradient.shape]);
        return [path, sampleError(gradient, (at) => data[at])] as const;
      });
      expect(tooFar(gradientErrors, gradientTolerance)).toEqual([]);
      const squares = [...found.gradients.values()].map(({ data }) =>
        (data as Float32Array).reduce((s, g) => s + g * g, 0),
      );
      const norm = Math.sqrt(squares.reduce((a, b) => a + b));
      expect(Math.abs(norm / seeded.gradient_norm - 1)).toBeLessThanOrEqual(1e-4);
    },
  );

  it("losses of four steps of SGD, running statistics and the norm of the gradients after one", async () => {
    const { loss } = training;
    const { rate: learningRate, momentum, losses } = seeded.sgd;
    const { step } = withOptimizer(training, { kind: "sgd" });
    const graph = withValues(step, [["loss", loss]]);
    const params = new Params(gpu, network.weights, "golden-train", graph);
    const found: number[] = [];
    try {
      const program = await Program.compile(gpu, graph, params);
      try {
        feed(program);
        for (let i = 0; i < losses.length; i++) {
          program.write("hyper", optimizerHyper("sgd", i + 1, { learningRate, momentum, weightDecay: 0 }));
          program.run();
          found.push((await program.read("loss")).data[0]);
          if (i > 0) continue;
          const squared = (await program.read("gradientNorm")).data[0];
          expect(Math.abs(Math.sqrt(squared) / seeded.gradient_norm - 1)).toBeLessThanOrEqual(1e-4);
          const paths = Object.keys(seeded.running_statistics);
          const running = await params.read(paths);
          const errors = paths.map((path) => {
            const { spec, data } = running.get(path)!;
            expect(sizeOf(spec)).toBe(seeded.running_statistics[path].shape[0]);
            return [path, sampleError(seeded.running_statistics[path], (at) => data[at])] as const;
          });
          expect(errors.filter(([, error]) => !(error <= layerTolerance))).toEqual([]);
        }
      } finally {
        program.dispose();
      }
    } finally {
      params.dispose();
    }
    const errors = losses.map((expected, i) => Math.abs(found[i] / expected - 1));
    expect(Math.max(...errors)).toBeLessThanOrEqual(5e-5);
  });
});
