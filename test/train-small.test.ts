import { f32, type Gpu, type HostTensor, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { randomFrom } from "@tlx/kernels/testing";
import {
  adamwHyper,
  differentiate,
  freshMoments,
  type Graph,
  GraphBuilder,
  HYPER,
  linear,
  Params,
  Program,
  Scope,
  uniformFanIn,
  type Weights,
  withAdamW,
  zeros,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";

const STEPS = 20;
const BATCH = 12;
const WIDTH = 10;
const CLASSES = 4;
const options = { learningRate: 0.05, weightDecay: 0.01 };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** Two dense layers, loss, gradients and update. */
function trainingGraph(): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const logits = linear(s.at("head"), linear(s.at("hidden"), b.input("x", f32(BATCH, WIDTH)), 7), CLASSES);
  const targets = [b.input("labels", u32(BATCH)), b.input("weights", f32(BATCH))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], {}, "loss") as [Value];
  b.output("loss", loss);
  const trainable = new Set(["hidden.weight", "hidden.bias", "head.weight", "head.bias"]);
  return withAdamW(differentiate(b.finish(), loss, trainable, gradientRules));
}

function initialWeights(graph: Graph, seed: number): Weights {
  const params = [...graph.params].map(([path, { spec }]): [string, HostTensor] => [
    path,
    path.endsWith(".bias") ? zeros(spec) : uniformFanIn(spec, spec.shape[0]!, seed, path),
  ]);
  return new Map([...params, ...freshMoments(graph)]);
}

/** A batch whose classes can be told apart: feature `label` is raised. The last two samples are padding. */
function batchOf(step: number): Map<string, HostTensor["data"]> {
  const random = randomFrom(step);
  const labels = Uint32Array.from({ length: BATCH }, () => Math.floor(random() * CLASSES));
  const x = Float32Array.from({ length: BATCH * WIDTH }, (_, i) => {
    const raised = i % WIDTH === labels[Math.floor(i / WIDTH)] ? 1 : 0;
    return random() - 0.5 + raised;
  });
  const weights = Float32Array.from({ length: BATCH }, (_, i) => (i < BATCH - 2 ? 1 / (BATCH - 2) : 0));
  return new Map<string, HostTensor["data"]>([
    ["x", x],
    ["labels", labels],
    ["weights", weights],
    [HYPER, adamwHyper(step, options)],
  ]);
}

interface Trained {
  readonly losses: number[];
  readonly weights: ReadonlyMap<string, ArrayLike<number>>;
}

async function trainOnGpu(seed: number): Promise<Trained> {
  const graph = trainingGraph();
  const params = new Params(gpu, initialWeights(graph, seed));
  const program = await Program.compile(gpu, graph, params);
  try {
    const reads = Array.from({ length: STEPS }, (_, i) => {
      for (const [name, data] of batchOf(i + 1)) program.write(name, data);
      program.run();
      return program.read("loss");
    });
    const losses = (await Promise.all(reads)).map((t) => t.data[0] as number);
    const held = await params.read();
    return { losses, weights: new Map([...held].map(([path, t]) => [path, t.data as Float32Array])) };
  } finally {
    program.dispose();
    params.dispose();
  }
}

/** The same steps in double: what the update nodes computed is what the next step starts from. */
function trainOnCpu(seed: number): Trained {
  const graph = trainingGraph();
  let weights = new Map(initialWeights(graph, seed));
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const values = interpret(graph, weights, batchOf(step));
    losses.push(values.get(graph.outputs.get("loss")!)![0]!);
    const next = new Map(weights);
    for (const node of graph.nodes) {
      for (const [o, input] of (node.op.alias ?? []).entries()) {
        const { path, spec } = node.inputs[input!]!;
        next.set(path, { spec, data: values.get(node.outputs[o]!)! });
      }
    }
    weights = next;
  }
  return { losses, weights: new Map([...weights].map(([path, t]) => [path, t.data as Float64Array])) };
}

describe("twenty steps of AdamW", () => {
  it("track the interpreter, and learn", async () => {
    const found = await trainOnGpu(1);
    const expected = trainOnCpu(1);
    expect(expected.losses.at(-1)).toBeLessThan(0.6 * expected.losses[0]!);
    for (const [i, loss] of expected.losses.entries()) {
      expect(Math.abs(found.losses[i]! - loss), `loss of step ${i + 1}`).toBeLessThan(1e-5 * Math.abs(loss) + 1e-6);
    }
    for (const [path, values] of expected.weights) {
      const largest = Math.max(...Array.from(values, Math.abs));
      const worst = Math.max(...Array.from(values, (v, i) => Math.abs(v - found.weights.get(path)![i]!)));
      expect(worst, path).toBeLessThan(1e-4 * largest);
    }
  });

  it("give the same bits for the same seed, and others for another", async () => {
    const [first, second, other] = [await trainOnGpu(7), await trainOnGpu(7), await trainOnGpu(8)];
    expect(second).toEqual(first);
    expect(other.losses).not.toEqual(first.losses);
  });
});
