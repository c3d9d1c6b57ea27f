import type { Gpu } from "@tlx/kernels";
import { HYPER, type Network, optimizeForInference, Program, type Weights } from "@tlx/nn";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { changedPaths } from "../src/train/plan-training.js";
import { compileTail } from "../src/train/tail-programs.js";
import {
  gradientNetworks,
  type Inputs,
  interpretOutputs,
  maskOf,
  type RandomPlan,
  randomPlan,
  stepInputs,
} from "./random-plan.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

function feed(program: Program, names: Iterable<string>, inputs: Inputs): void {
  for (const name of names) program.write(name, inputs.get(name)!);
}

/** Outputs of a graph on the GPU. */
async function outputsOf({ graph, weights }: Network, inputs: Inputs): Promise<Map<string, Float32Array>> {
  const program = await Program.compile(gpu, graph, weights);
  try {
    feed(program, graph.inputs.keys(), inputs);
    program.run();
    const names = [...graph.outputs.keys()];
    const tensors = await Promise.all(names.map((name) => program.read(name)));
    return new Map(names.map((name, i) => [name, tensors[i]!.data as Float32Array]));
  } finally {
    program.dispose();
  }
}

async function throughPrefix({ plan: { prefix } }: RandomPlan, inputs: Inputs): Promise<Inputs> {
  if (!prefix) return inputs;
  return new Map([...inputs, ...(await outputsOf(optimizeForInference(prefix), inputs))]);
}

/** What is in the tail before and after two steps. */
async function trainTwice(random: RandomPlan): Promise<{ readonly before: Weights; readonly after: Weights }> {
  const { plan, settings } = random;
  const programs = await compileTail(gpu, plan.tail, settings, false);
  try {
    const paths = [...plan.tail.weights.keys()];
    const fed = [...plan.tail.graph.inputs.keys(), "labels", "weights", HYPER];
    const before = await programs.params.read(paths);
    for (const number of [1, 2]) {
      feed(programs.step, fed, await throughPrefix(random, stepInputs(random, number)));
      programs.step.run();
    }
    return { before, after: await programs.params.read(paths) };
  } finally {
    programs.dispose();
  }
}

const bits = (data: ArrayLike<number>): Uint32Array => new Uint32Array(Float32Array.from(data).buffer);

it.each(Array.from({ length: 20 }, (_, i) => 1000 + i))("random freeze plan %i on the GPU", async (seed) => {
  const random = randomPlan(seed);
  const { plan } = random;
  const { before, after } = await trainTwice(random);
  const changed = changedPaths(plan);
  for (const path of changed) expect(after.has(path), path).toBe(true);
  for (const [path, { data }] of before) {
    const [start, end] = [bits(data), bits(after.get(path)!.data)];
    expect(start, path).toEqual(bits(plan.tail.weights.get(path)!.data));
    const mask = plan.freeze.trainable.has(path) ? maskOf(plan, path) : undefined;
    start.forEach((word, i) => {
      const moves = changed.has(path) && mask?.[i] !== 0;
      if (moves === (word === end[i])) expect.unreachable(`${path}[${i}] ${moves ? "stayed" : "moved"}`);
    });
  }

  const inputs = stepInputs(random, 1);
  const networks = gradientNetworks(random);
  const found = await outputsOf(networks.tail, await throughPrefix(random, inputs));
  const plain = await outputsOf(networks.plain, inputs);
  const expected = interpretOutputs(networks.plain, inputs);
  const largest = Math.max(...[...expected.values()].flatMap((g) => [...g].map(Math.abs)));
  for (const path of plan.freeze.trainable) {
    const wanted = expected.get(path)!;
    const tolerance = 1e-4 * Math.max(...wanted.map(Math.abs)) + 1e-6 * largest;
    for (const gradient of [found.get(path)!, plain.get(path)!]) {
      gradient.forEach((v, i) => {
        if (!(Math.abs(v - wanted[i]!) <= tolerance)) expect(v, `gradient of ${path}[${i}]`).toBe(wanted[i]);
      });
    }
  }
});
