/** A training step before and after its epilogues are fused: the same numbers in double, from fewer nodes. */
import {
  add,
  channelAffine,
  conv2d as conv2dOp,
  depthwiseConv2d,
  depthwiseConv2dGrads,
  f32,
  type Gpu,
  type GradientRules,
  relu6Grad,
  softmaxCrossEntropy,
  type Value,
} from "@tlx/kernels";
import { basicRules, gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  batchNorm,
  conv2d,
  differentiate,
  fuseTraining,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  linear,
  type Network,
  Scope,
  toTraining,
} from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { outputsOn } from "./support/on-gpu.js";
import { inputsOf, network, outputsOf, relativeError } from "./support/small-net.js";

/** Inverted residuals: a projection with a residual, a stride, an activation after a sum, a value with two readers. */
function residualNet(): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const unit = (path: string, x: Value, options: Parameters<typeof conv2d>[2], bend = true): Value => {
    const at = s.at(path);
    const y = batchNorm(at.at("bn"), conv2d(at.at("conv"), x, options));
    return bend ? at.mark(activate(at, y, "relu6")) : at.mark(y);
  };
  const block = (path: string, x: Value, stride: number): Value => {
    const wide = unit(`${path}.expand`, x, { out: 10, kernel: 1 });
    const deep = unit(`${path}.deep`, wide, { out: 10, kernel: 3, pad: 1, stride, groups: 10 });
    return unit(`${path}.project`, deep, { out: 5, kernel: 1 }, false);
  };
  let x = unit("stem", b.input("image", f32(3, 9, 8, 3)), { out: 5, kernel: 3, pad: 1 });
  x = s.apply(add, [block("first", x, 1), x], {});
  x = activate(s, s.apply(add, [x, block("second", x, 1)], {}), "relu");
  x = block("third", x, 2);
  b.output("logits", linear(s.at("head"), globalAveragePool(s.at("pool"), x), 4));
  return b.finish();
}

/** Loss and gradients of everything that is no state, as outputs. */
function stepOf({ graph, weights }: Network): Network {
  const b = GraphBuilder.from(graph);
  const batch = 3;
  const targets = [b.input("labels", { dtype: "u32", shape: [batch] }), b.input("weights", f32(batch))];
  const inputs = [graph.outputs.get("logits")!, ...targets];
  const [loss] = b.apply(softmaxCrossEntropy, inputs, { smoothing: 0 }, "loss") as [Value];
  const read = new Set(graph.nodes.flatMap((n) => n.inputs));
  const learns = ([path, value]: [string, Value]): boolean => read.has(value) && /weight|bias/.test(path);
  const trained = [...graph.params].filter(learns).map(([path]) => path);
  const { graph: step, grads } = differentiate(b.finish(), loss, new Set(trained), gradientRules);
  return { graph: { ...step, outputs: new Map([["loss", loss], ...grads]) }, weights };
}

const count = ({ nodes }: Graph, ...names: string[]): number => nodes.filter((n) => names.includes(n.op.name)).length;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const net = network(residualNet());
const norms = residualNet()
  .nodes.filter((n) => n.op.name === "batchNorm")
  .map((n) => n.path);

describe.each([
  { name: "frozen batch norms", training: toTraining(net, new Set()) },
  { name: "batch norms that learn", training: toTraining(net, new Set(norms)) },
])("a step with $name", ({ training }) => {
  const plain = stepOf(training);
  const fused = fuseTraining(plain);
  const fed = new Map(inputsOf(plain.graph));
  fed.set("labels", Uint32Array.of(0, 3, 1));
  fed.set("weights", Float32Array.of(0.2, 0.5, 0.3));
  const expected = outputsOf(plain.graph, plain.weights, fed);

  it("gives the same loss and gradients in double", () => {
    const found = outputsOf(fused.graph, fused.weights, fed);
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected) expect(relativeError(found.get(name)!, values), name).toBeLessThan(1e-10);
  });

  it("gives the same on the GPU", async () => {
    const [a, b] = [await outputsOn(gpu, plain, fed), await outputsOn(gpu, fused, fed)];
    for (const [name, values] of a) expect(relativeError(b.get(name)!, values), name).toBeLessThan(1e-3);
  });

  it("passes over no activation and no sum of its own, forward and backward", () => {
    expect(count(fused.graph, "relu", "relu6", "add")).toBe(0);
    expect(count(fused.graph, "reluGrad", "relu6Grad")).toBe(0);
    expect(fused.graph.nodes.flatMap(({ op, params }) => (op === depthwiseConv2dGrads ? [params] : []))).toEqual(
      [1, 1, 2].map((stride) => expect.objectContaining({ stride: [stride, stride], gate: "relu6" })).reverse(),
    );
    expect(count(fused.graph, "channelAffine")).toBe(0);
    expect(fused.graph.nodes.length).toBeLessThan(0.8 * plain.graph.nodes.length);
  });
});

it("leaves the forward value that the gradient of a trained scale reads", () => {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const y = conv2d(s.at("conv"), b.input("image", f32(3, 4, 5, 2)), { out: 3, kernel: 1 });
  const [scaled] = b.apply(channelAffine, [y, b.param("bn.weight", f32(3)), b.param("bn.bias", f32(3))], {}, "affine");
  b.output("logits", globalAveragePool(s.at("pool"), scaled!));
  const step = stepOf(network(b.finish()));
  expect(count(fuseTraining(step).graph, "channelAffine")).toBe(1);
});

describe("the gradients of a depthwise convolution", () => {
  const window = { stride: [2, 2], pad: [1, 1, 1, 1], dilation: [1, 1], activation: "none" } as const;
  /** Its gradients by `rules`, of what learns of the weights before it and of its own; its input is one of two. */
  const gradientsOf = (
    rules: GradientRules,
    {
      learns,
      kernel = 3,
      other = false,
    }: { readonly learns: string[]; readonly kernel?: number; readonly other?: boolean },
  ): string[] => {
    const b = new GraphBuilder();
    const s = new Scope(b);
    const x = activate(s, conv2d(s.at("first"), b.input("image", f32(3, 9, 8, 3)), { out: 6, kernel: 1 }), "relu6");
    const w = b.param("w", f32(kernel, kernel, 1, 6));
    const [y] = b.apply(depthwiseConv2d, [x, w], window, "deep") as [Value];
    const pooled = globalAveragePool(s.at("pool"), y);
    b.output("logits", other ? s.apply(add, [pooled, globalAveragePool(s.at("beside"), x)], {}) : pooled);
    const { graph, weights } = network(b.finish());
    const c = GraphBuilder.from(graph);
    const targets = [c.input("labels", { dtype: "u32", shape: [3] }), c.input("weights", f32(3))];
    const inputs = [graph.outputs.get("logits")!, ...targets];
    const [loss] = c.apply(softmaxCrossEntropy, inputs, { smoothing: 0 }, "loss") as [Value];
    const { graph: step, grads } = differentiate(c.finish(), loss, new Set(learns), rules);
    const { nodes } = fuseTraining({ graph: { ...step, outputs: new Map([["loss", loss], ...grads]) }, weights }).graph;
    return nodes.filter((n) => /^depthwise.*Grad|relu6Grad/.test(n.op.name)).map((n) => n.op.name);
  };
  const both = ["first.weight", "w"];

  it("are computed together where both are wanted", () => {
    expect(gradientsOf(gradientRules, { learns: both })).toEqual(["depthwiseConv2dGrads"]);
    expect(gradientsOf(gradientRules, { learns: ["w"] })).toEqual(["depthwiseConv2dWeightGrad"]);
    expect(gradientsOf(gradientRules, { learns: ["first.weight"] })).toEqual(["depthwiseConv2dInputGrad"]);
  });

  it("are computed apart by basic rules, and where there is no kernel for both", () => {
    const apart = ["depthwiseConv2dWeightGrad", "depthwiseConv2dInputGrad"]; // in the order in which they are gated
    expect(gradientsOf(basicRules, { learns: both })).toEqual(apart);
    expect(gradientsOf(gradientRules, { learns: both, kernel: 5 })).toEqual(apart);
  });

  it("are not gated where the gradient of their input is a sum", () => {
    expect(gradientsOf(gradientRules, { learns: both, other: true })).toEqual(["depthwiseConv2dGrads", "relu6Grad"]);
  });
});

it("leaves a gradient that is read before its gate too", () => {
  const b = new GraphBuilder();
  const window = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1] } as const;
  const x = b.input("x", f32(1, 4, 5, 3));
  const params = { ...window, activation: "none" } as const;
  const [y] = b.apply(depthwiseConv2d, [x, b.param("w", f32(3, 3, 1, 3))], params, "conv") as [Value];
  const [gate] = b.apply(relu6Grad, [x, y], {}, "gate") as [Value];
  const pointwise = { ...params, pad: [0, 0, 0, 0], groups: 1 } as const;
  const [z] = b.apply(conv2dOp, [gate, b.param("v", f32(1, 1, 3, 2))], pointwise, "next") as [Value];
  b.output("y", y);
  b.output("z", z);
  const plain = network(b.finish());
  expect(fuseTraining(plain).graph.nodes.map((n) => n.op.name)).toEqual(plain.graph.nodes.map((n) => n.op.name));
});

it("forgets the name of a norm that now ends in an activation, and keeps its statistics", () => {
  const training = toTraining(net, new Set(norms));
  const { graph } = fuseTraining(training);
  const norm = graph.nodes.find((n) => n.path === "stem.bn")!;
  expect(norm.params).toMatchObject({ activation: "relu6" });
  expect(graph.marks.get("stem")).toBe(norm.outputs[0]);
  expect(graph.nodes.flatMap((n) => n.inputs).every((v) => v !== undefined)).toBe(true);
});

it("gives a sum of two norms to the first, which waits for the second", () => {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const x = b.input("image", f32(3, 5, 4, 2));
  const [left, right] = ["left", "right"].map((path) => {
    return batchNorm(s.at(path), conv2d(s.at(`${path}.conv`), x, { out: 3, kernel: 1 }));
  });
  b.output("y", activate(s, s.apply(add, [left!, right!], {}), "relu"));
  const training = toTraining(network(b.finish()), new Set(["left", "right"]));
  const { graph, weights } = fuseTraining(training);
  expect(graph.nodes.map((n) => n.path)).toEqual(["left.conv", "right.conv", "right", "left"]);
  expect(graph.nodes.at(-1)).toMatchObject({ inputs: { length: 6 }, params: { activation: "relu" } });
  expect(outputsOf(graph, weights).get("y")).toEqual(outputsOf(training.graph, training.weights).get("y"));
});
