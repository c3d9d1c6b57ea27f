import { f32, type Gpu, type HostTensor, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { randomFrom } from "@tlx/kernels/testing";
import {
  activate,
  differentiate,
  dropout,
  GRADIENT_NORM,
  type Graph,
  GraphBuilder,
  HYPER,
  linear,
  type OptimizerKind,
  optimizerHyper,
  Params,
  Program,
  Scope,
  type StepNumbers,
  uniformFanIn,
  type Weights,
  withOptimizer,
  zeros,
} from "@tlx/nn";
import { interpretStep } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";

const STEPS = 20;
const BATCH = 12;
const WIDTH = 10;
const CLASSES = 4;

interface Recipe {
  readonly name: string;
  readonly kind: OptimizerKind;
  readonly smoothing: number;
  readonly dropout: number;
  readonly numbers: StepNumbers;
}

const recipes: readonly Recipe[] = [
  {
    name: "AdamW",
    kind: "adamw",
    smoothing: 0,
    dropout: 0,
    numbers: { learningRate: 0.05, weightDecay: 0.01 },
  },
  {
    name: "AdamW with clipping, smoothing and dropout",
    kind: "adamw",
    smoothing: 0.1,
    dropout: 0.3,
    numbers: { learningRate: 0.05, weightDecay: 0.01, clipNorm: 0.2 },
  },
  {
    name: "SGD with Nesterov momentum, clipping, smoothing and dropout",
    kind: "sgd",
    smoothing: 0.1,
    dropout: 0.3,
    numbers: { learningRate: 0.2, weightDecay: 1e-3, momentum: 0.9, nesterov: true, clipNorm: 0.4 },
  },
];

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** A head with a hidden layer, loss, gradients and update. */
function trainingGraph(recipe: Recipe, seed: number): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  let x = activate(s, linear(s.at("hidden"), b.input("x", f32(BATCH, WIDTH)), 70), "relu");
  const step = b.input("step", u32(1));
  if (recipe.dropout > 0) x = dropout(s.at("drop"), x, { rate: recipe.dropout, seed, step });
  const logits = linear(s.at("head"), x, CLASSES);
  const targets = [b.input("labels", u32(BATCH)), b.input("weights", f32(BATCH))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: recipe.smoothing }, "loss") as [Value];
  b.output("loss", loss);
  const trainable = new Set(["hidden.weight", "hidden.bias", "head.weight", "head.bias"]);
  return withOptimizer(differentiate(b.finish(), loss, trainable, gradientRules), recipe).step;
}

function initialWeights(graph: Graph, seed: number): Weights {
  const params = [...graph.params].map(([path, { spec }]): [string, HostTensor] => [
    path,
    path.endsWith(".bias") ? zeros(spec) : uniformFanIn(spec, spec.shape[0]!, seed, path),
  ]);
  return new Map(params);
}

/** A batch whose classes can be told apart: feature `label` is raised. The last two samples are padding. */
function batchOf(recipe: Recipe, step: number): Map<string, HostTensor["data"]> {
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
    ["step", Uint32Array.of(step)],
    [HYPER, optimizerHyper(recipe.kind, step, recipe.numbers)],
  ]);
}

interface Trained {
  readonly losses: number[];
  readonly weights: ReadonlyMap<string, ArrayLike<number>>;
}

/** With the norm of all gradients, step by step. */
interface TrainedOnCpu extends Trained {
  readonly norms: readonly number[];
}

async function trainOnGpu(recipe: Recipe, seed: number): Promise<Trained> {
  const graph = trainingGraph(recipe, seed);
  const params = new Params(gpu, initialWeights(graph, seed), "small", graph);
  const program = await Program.compile(gpu, graph, params);
  try {
    const reads = Array.from({ length: STEPS }, (_, i) => {
      for (const [name, data] of batchOf(recipe, i + 1)) program.write(name, data);
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
function trainOnCpu(recipe: Recipe, seed: number): TrainedOnCpu {
  const graph = trainingGraph(recipe, seed);
  const norms: number[] = [];
  let weights = initialWeights(graph, seed);
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const done = interpretStep(graph, weights, batchOf(recipe, step));
    losses.push(done.values.get(graph.outputs.get("loss")!)![0]!);
    norms.push(Math.sqrt(done.values.get(graph.outputs.get(GRADIENT_NORM)!)![0]!));
    weights = done.weights;
  }
  return { losses, norms, weights: new Map([...weights].map(([path, t]) => [path, t.data as Float64Array])) };
}

describe.each(recipes)("twenty steps of $name", (recipe) => {
  it("track the interpreter, and learn", async () => {
    const found = await trainOnGpu(recipe, 1);
    const expected = trainOnCpu(recipe, 1);
    const { clipNorm = 0 } = recipe.numbers;
    // Steps of both kinds: clipped and not.
    if (clipNorm > 0) expect(new Set(expected.norms.map((n) => n > clipNorm))).toEqual(new Set([true, false]));
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
    const [first, second, other] = [
      await trainOnGpu(recipe, 7),
      await trainOnGpu(recipe, 7),
      await trainOnGpu(recipe, 8),
    ];
    expect(second).toEqual(first);
    expect(other.losses).not.toEqual(first.losses);
  });
});
