import {
  add,
  defaultCapabilities,
  f32,
  type HostTensor,
  maxPoolGrad,
  packHalf,
  softmaxCrossEntropy,
  u32,
  unpackHalf,
  type Value,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  batchNorm,
  conv2d,
  type Differentiated,
  differentiate,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  HYPER,
  linear,
  lowerGraph,
  maxPool,
  optimizerHyper,
  Params,
  Program,
  planMemory,
  Scope,
  storeHalf,
  toTraining,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import { interpret, interpretStep } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { fill, fillWeights, relativeError } from "./support/small-net.js";

/** Inverted residuals as MobileNetV2 has them, `pixels` wide, in training form. */
function trainingForm(batch: number, pixels: number, pool = false): Differentiated & { readonly weights: Weights } {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const norms = new Set<string>();
  const normed = (at: Scope, x: Value, activation?: "relu6"): Value => {
    norms.add(`${at.path}.bn`);
    const y = batchNorm(at.at("bn"), x);
    return activation ? activate(at, y, activation) : y;
  };
  const conv = (at: Scope, x: Value, out: number, kernel: number, stride = 1, groups = 1): Value =>
    conv2d(at.at("conv"), x, { out, kernel, stride, pad: (kernel - 1) / 2, groups });
  const stem = s.at("stem");
  let x = normed(stem, conv(stem, b.input("image", f32(batch, pixels, pixels, 3)), 8, 3, 2), "relu6");
  if (pool) x = maxPool(s.at("pool"), x, { kernel: 3, stride: 2, pad: 1 });
  for (const [i, stride] of [1, 2, 1, 1].entries()) {
    const block = s.at(`block.${i}`);
    const wide = 4 * x.spec.shape[3]!;
    const [expand, depth, project] = ["expand", "depth", "project"].map((name) => block.at(name)) as [
      Scope,
      Scope,
      Scope,
    ];
    let y = normed(expand, conv(expand, x, wide, 1), "relu6");
    y = normed(depth, conv(depth, y, wide, 3, stride, wide), "relu6");
    y = normed(project, conv(project, y, 8, 1));
    x = stride === 1 ? block.apply(add, [x, y], {}) : y;
  }
  const logits = linear(s.at("head"), globalAveragePool(s.at("pool"), x), 3);
  const targets = [b.input("labels", u32(batch)), b.input("weights", f32(batch))];
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "loss") as [Value];
  b.output("loss", loss);
  const plain = b.finish();
  const { graph, weights } = toTraining({ graph: plain, weights: fillWeights(plain) }, norms);
  const end = graph.outputs.get("loss")!;
  return { weights, ...differentiate(graph, end, new Set(graph.params.keys()), gradientRules) };
}

const plannedBytes = (graph: Graph): number => planMemory(graph, lowerGraph(graph, defaultCapabilities)).plannedBytes;

const inputsOf = (batch: number, pixels: number): Map<string, HostTensor["data"]> =>
  new Map<string, HostTensor["data"]>([
    ["image", fill("image", f32(batch, pixels, pixels, 3)).data],
    ["labels", Uint32Array.from({ length: batch }, (_, i) => i % 3)],
    ["weights", new Float32Array(batch).fill(1 / batch)],
  ]);

const minBytes = 1024;
const halves = (graph: Graph): string[] => graph.nodes.map((n) => n.op.name).filter((name) => name.endsWith("Half"));

/** Largest error of a gradient, relative to it; a bias before a batch norm has none but rounding, which cannot be. */
function worstGradient(
  found: ReadonlyMap<Value, Float64Array>,
  expected: ReadonlyMap<Value, Float64Array>,
  made: Differentiated,
): number {
  const largest = Math.max(...[...made.grads.values()].map((v) => Math.max(...expected.get(v)!.map(Math.abs))));
  return Math.max(
    ...[...made.grads.values()].map((v) => {
      const own = Math.max(...expected.get(v)!.map(Math.abs));
      const difference = Math.max(...found.get(v)!.map((g, i) => Math.abs(g - expected.get(v)![i]!)));
      return difference / Math.max(own, 0.01 * largest);
    }),
  );
}

describe.each([
  { name: "inverted residuals", pool: false },
  { name: "inverted residuals after a max pool", pool: true },
])("the training graph of $name with half floats", ({ pool }) => {
  const plain = trainingForm(2, 16, pool);
  const halved = storeHalf(plain, { minBytes });
  const inputs = inputsOf(2, 16);
  const loss = plain.graph.outputs.get("loss")!;

  it("gives the same loss, and gradients to the precision of half floats", () => {
    const expected = interpret(plain.graph, plain.weights, inputs);
    const found = interpret(halved.graph, plain.weights, inputs);
    expect(halved.grads).toEqual(plain.grads);
    expect(found.get(loss)).toEqual(expected.get(loss));
    const worst = worstGradient(found, expected, plain);
    expect(worst).toBeLessThan(2 ** -8);
    expect(worst).toBeGreaterThan(2 ** -16);
  });

  it("packs a value once, right after its node, and unpacks it right before a reader", () => {
    const { nodes } = halved.graph;
    expect(halves(halved.graph).length).toBeGreaterThan(20);
    nodes.forEach((node, i) => {
      if (node.op === packHalf) expect(nodes[i - 1]!.outputs[0]).toBe(node.inputs[0]);
      if (node.op !== unpackHalf) return;
      const [copy] = node.outputs;
      const reader = nodes.findIndex((n) => n.inputs.includes(copy!));
      expect(nodes.slice(i, reader).every((n) => n.op === unpackHalf)).toBe(true);
    });
    const packed = nodes.filter((n) => n.op === packHalf).map((n) => n.inputs[0]);
    expect(new Set(packed).size).toBe(packed.length);
    expect(nodes.filter((n) => n.op !== packHalf && n.op !== unpackHalf).map((n) => n.op)).toEqual(
      plain.graph.nodes.map((n) => n.op),
    );
  });

  it("leaves weights, inputs, outputs, gradients of params, statistics, and what a max pool compares", () => {
    const all = storeHalf(plain, { minBytes: 0, distance: 1 });
    const packed = new Set(all.graph.nodes.filter((n) => n.op === packHalf).map((n) => n.inputs[0]!));
    const { graph, grads } = plain;
    const left = [
      ...[graph.inputs, graph.params, graph.states, graph.outputs, grads].flatMap((values) => [...values.values()]),
      ...graph.nodes.flatMap((n) => n.outputs.slice(1)),
      ...graph.nodes.filter((n) => n.op === maxPoolGrad).flatMap((n) => n.inputs.slice(0, 2)),
    ];
    expect(left.filter((v) => packed.has(v))).toEqual([]);
    expect(packed.size).toBeGreaterThan(30);
    expect(graph.nodes.some((n) => n.op === maxPoolGrad)).toBe(pool);
  });

  it("packs nothing below the size, nor over a longer distance", () => {
    expect(halves(storeHalf(plain, { minBytes: 2 ** 20 }).graph)).toEqual([]);
    expect(halves(storeHalf(plain, { minBytes: 0, distance: 1000 }).graph)).toEqual([]);
  });
});

it("half floats take a third off the memory of a training step", () => {
  const made = trainingForm(16, 64);
  const planned = [made, storeHalf(made)].map((d) => plannedBytes(withOptimizer(d, { kind: "adamw" }).step));
  expect(planned[1]! / planned[0]!).toBeLessThan(0.68);
});

it("a step with half floats is that of the interpreter", async () => {
  const gpu = await testGpu();
  const made = trainingForm(2, 16, true);
  const { step } = withOptimizer(storeHalf(made, { minBytes }), { kind: "sgd" });
  const hyper = optimizerHyper("sgd", 1, { learningRate: 0.05, weightDecay: 0.01 });
  const inputs = new Map([...inputsOf(2, 16), [HYPER, hyper]]);
  const params = new Params(gpu, made.weights, "half", step);
  const program = await Program.compile(gpu, step, params);
  try {
    for (const [name, data] of inputs) program.write(name, data);
    program.run();
    const found = await params.read();
    const expected = interpretStep(step, made.weights, inputs).weights;
    for (const [path, { data }] of expected) {
      expect(relativeError(found.get(path)!.data, data), path).toBeLessThan(1e-3);
    }
    expect((await program.read("loss")).data[0]).toBeCloseTo(
      interpret(step, made.weights, inputs).get(step.outputs.get("loss")!)![0]!,
      4,
    );
  } finally {
    program.dispose();
    params.dispose();
  }
});
