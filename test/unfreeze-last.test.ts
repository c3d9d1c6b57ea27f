/** `--unfreeze last:1` of every network, with weights by chance, on a few shared pictures: the loss falls, and what is frozen stays. */
import { Gpu } from "@tlx/kernels";
import { Params, Program, toTraining, type Weights } from "@tlx/nn";
import {
  buildFeatureGraph,
  exportTensors,
  type Model,
  models,
  parseSafetensors,
  startBackbone,
  train,
  writeSafetensors,
} from "@tlx/transfer";
import { decodeAll, imageFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect } from "vitest";
import { formulaInput } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";
import { itShared, sharedPath } from "./support/shared.js";
import { batchNormPaths } from "./support/training-form.js";

const PER_CLASS = 8;
const inputSize = 96;

let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

const MOMENTUM = 0.1;

/** Where a network begins; bottlenecks add little each, so that what many of them add up to is not beyond any learning rate. */
const beginning = (model: Model): Weights =>
  new Map(
    [...startBackbone(model, 1).weights].map(([path, tensor]) => {
      if (!path.endsWith(".bn3.weight")) return [path, tensor];
      return [path, { ...tensor, data: (tensor.data as Float32Array).map((v) => 0.2 * v) }];
    }),
  );

/** Weights by chance with the running statistics of a few pictures, without which what a frozen network makes of any dies away. */
async function calibrated(model: Model): Promise<Weights> {
  const [batch, size] = [4, 80];
  const graph = buildFeatureGraph(model, { batch, form: "separate", inputSize: size });
  const plain = { graph, weights: beginning(model) };
  const norms = batchNormPaths(plain);
  if (norms.size === 0) return plain.weights;
  const training = toTraining(plain, norms);
  const params = new Params(gpu, training.weights);
  const program = await Program.compile(gpu, training.graph, params);
  try {
    program.write("image", formulaInput(batch, size));
    program.run();
    const running = await params.read([...plain.weights.keys()].filter((path) => /\.running_(mean|var)$/.test(path)));
    return new Map(
      [...plain.weights].map(([path, tensor]) => {
        const next = running.get(path)?.data;
        if (!next) return [path, tensor];
        const data = Float32Array.from(tensor.data, (v, i) => (next[i] - (1 - MOMENTUM) * v) / MOMENTUM);
        return [path, { ...tensor, data }];
      }),
    );
  } finally {
    program.dispose();
    params.dispose();
  }
}

/** One that has every kind of block of the newer ones; all in a deep run. */
const quick = ["mobilenet-v3-small"];

/** How many blocks learn: of AlexNet two, since the weight of the first is larger than many devices bind. */
const unfrozen = ({ name }: Model): number => (name === "alexnet" ? 2 : 1);

const rates = [5e-5, 5e-6, 5e-7];
const falls = (losses: readonly number[]): boolean => losses.at(-1)! < losses[0]!;

describe.each(models.filter(({ name }) => process.env.TLX_DEEP || quick.includes(name)))(
  "$name",
  { timeout: 600_000 },
  (model: Model) => {
    itShared("learns in its last block", async () => {
      const data = await imageFolder(sharedPath("data/ants_bees"));
      const few = (samples: typeof data.train) =>
        data.classes.flatMap((_, label) => samples.filter((s) => s.label === label).slice(0, PER_CLASS));
      const start = await calibrated(model);
      const trainAt = async (learningRate: number): Promise<{ losses: number[]; weights: Weights }> => {
        const training = train({
          gpu,
          model,
          checkpoint: parseSafetensors(writeSafetensors(exportTensors(start))),
          classes: data.classes,
          train: few(data.train),
          val: few(data.val),
          pictures: (samples, { skip }) => decodeAll(samples, { skip }),
          settings: {
            unfreeze: `last:${unfrozen(model)}`,
            epochs: 8,
            batch: 2 * PER_CLASS, // all at once: which come together must not decide
            inputSize,
            learningRate,
            augment: "none",
          },
        });
        const losses: number[] = [];
        for (;;) {
          const { done, value } = await training.next();
          if (done) return { losses, weights: value.weights };
          if (value.type === "epoch") losses.push(value.loss);
        }
      };
      // Features by chance are of any size: where a step is too long for them, a shorter one must do.
      let found = await trainAt(rates[0]!);
      for (const rate of rates.slice(1)) if (!falls(found.losses)) found = await trainAt(rate);
      const { losses, weights } = found;
      const last = model.card.blocks.slice(-unfrozen(model));
      const moved = [...start].filter(([path, { data: was }]) => was.some((v, i) => v !== weights.get(path)!.data[i]));
      expect(falls(losses), `${losses}`).toBe(true);
      const isOf = (path: string, block: string): boolean => path.startsWith(`${block}.`);
      expect(last.filter((block) => !moved.some(([path]) => isOf(path, block)))).toEqual([]);
      expect(moved.map(([path]) => path).filter((path) => !last.some((block) => isOf(path, block)))).toEqual([]);
    });
  },
);
