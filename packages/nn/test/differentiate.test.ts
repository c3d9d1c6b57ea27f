import {
  add,
  addBias,
  columnSums,
  f32,
  type GradientRules,
  matmul,
  matmulTransposeA,
  matmulTransposeB,
  relu,
  softmaxCrossEntropy,
  u32,
  type Value,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { differentiate, dropDead, type Graph, GraphBuilder, linear, Scope, type Weights } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { fill, fillWeights } from "./support/small-net.js";

const BATCH = 5;

/** Dense layers in a row, each of 4 outputs, with a loss. */
function chain(layers: readonly string[]): { graph: Graph; loss: Value } {
  const b = new GraphBuilder();
  const s = new Scope(b);
  let x = b.input("x", f32(BATCH, 3));
  for (const path of layers) x = linear(s.at(path), x, 4);
  const labels = b.input("labels", u32(BATCH));
  const weights = b.input("weights", f32(BATCH));
  const [loss] = b.apply(softmaxCrossEntropy, [x, labels, weights], { smoothing: 0.1 }, "loss") as [Value];
  b.output("loss", loss);
  return { graph: b.finish(), loss };
}

const inputs = new Map<string, Float32Array | Uint32Array>([
  ["x", fill("x", f32(BATCH, 3)).data as Float32Array],
  ["labels", Uint32Array.of(0, 3, 1, 1, 2)],
  ["weights", Float32Array.of(0.3, 0.2, 0, 0.1, 0.4)],
  ["partnerLabels", Uint32Array.of(3, 3, 0, 2, 1)],
  ["partnerWeights", Float32Array.of(0.1, 0, 0.5, 0.1, 0.2)],
]);

/** Central differences of the loss in double, element by element. */
function numericGradient(graph: Graph, loss: Value, weights: Weights, path: string): number[] {
  const tensor = weights.get(path)!;
  const h = 1e-5;
  const lossAt = (i: number, step: number): number => {
    const data = Float64Array.from(tensor.data as Float32Array);
    data[i]! += step;
    return interpret(graph, new Map([...weights, [path, { ...tensor, data }]]), inputs).get(loss)![0]!;
  };
  return Array.from(tensor.data, (_, i) => (lossAt(i, h) - lossAt(i, -h)) / (2 * h));
}

function expectNumeric(
  graph: Graph,
  loss: Value,
  trainable: readonly string[],
  losses: Value | readonly Value[] = loss,
): void {
  const weights = fillWeights(graph);
  const differentiated = differentiate(graph, losses, new Set(trainable), gradientRules);
  const values = interpret(differentiated.graph, weights, inputs);
  expect([...differentiated.grads.keys()]).toEqual(trainable);
  for (const [path, grad] of differentiated.grads) {
    const expected = numericGradient(graph, loss, weights, path);
    const found = values.get(grad)!;
    expect(found.length).toBe(expected.length);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
    for (const [i, v] of found.entries()) expect(v, `${path}[${i}]`).toBeCloseTo(expected[i]!, 8);
  }
}

/** Names of the ops that differentiation added. */
function added(graph: Graph, loss: Value, trainable: readonly string[]): string[] {
  const differentiated = differentiate(graph, loss, new Set(trainable), gradientRules);
  return differentiated.graph.nodes.slice(graph.nodes.length).map((n) => `${n.path} ${n.op.name}`);
}

describe("gradients by central differences in double", () => {
  it("of a dense layer, its bias and the loss", () => {
    const { graph, loss } = chain(["head"]);
    expectNumeric(graph, loss, ["head.weight", "head.bias"]);
  });

  it("of the sum of two losses on the same logits", () => {
    const { graph, loss } = chain(["a", "b"]);
    const b = GraphBuilder.from(graph);
    const logits = graph.nodes.at(-1)!.inputs[0]!;
    const targets = [b.input("partnerLabels", u32(BATCH)), b.input("partnerWeights", f32(BATCH))];
    const [partner] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "partner") as [Value];
    const [sum] = b.apply(add, [loss, partner], {}, "sum") as [Value];
    b.output("sum", sum);
    expectNumeric(b.finish(), sum, ["a.weight", "b.bias"], [loss, partner]);
  });

  it("through three layers, of the last, the middle and the first", () => {
    const { graph, loss } = chain(["a", "b", "c"]);
    expectNumeric(graph, loss, ["c.weight", "b.bias", "a.weight"]);
  });

  it("of a param that is read twice", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(BATCH, 3));
    const w = b.param("w", f32(3, 3));
    const bias = b.param("bias", f32(3));
    let y = b.apply(matmul, [x, w], { activation: "none" }, "first")[0]!;
    y = b.apply(addBias, [y, bias], {}, "first")[0]!;
    y = b.apply(matmul, [y, w], { activation: "none" }, "second")[0]!;
    y = b.apply(add, [y, x], {}, "residual")[0]!;
    y = b.apply(add, [y, y], {}, "double")[0]!;
    const targets = [b.input("labels", u32(BATCH)), b.input("weights", f32(BATCH))] as const;
    const [loss] = b.apply(softmaxCrossEntropy, [y, ...targets], { smoothing: 0.1 }, "loss") as [Value];
    b.output("loss", loss);
    const graph = b.finish();
    inputs.set("labels", Uint32Array.of(0, 2, 1, 1, 2));
    expectNumeric(graph, loss, ["w", "bias"]);
    const sums = added(graph, loss, ["w"]).filter((text) => text.endsWith(" add"));
    expect(sums).toEqual(["double/grad add", "first/grad add"]);
  });
});

describe("what is computed", () => {
  it("is only what a trainable param needs", () => {
    const { graph, loss } = chain(["a", "b", "c"]);
    expect(added(graph, loss, ["c.bias"])).toEqual(["c/grad columnSums"]);
    expect(added(graph, loss, ["c.weight", "c.bias"])).toEqual(["c/grad columnSums", "c/grad matmulTransposeA"]);
    expect(added(graph, loss, ["b.bias"])).toEqual(["c/grad matmulTransposeB", "b/grad columnSums"]);
    const all = ["a", "b", "c"].flatMap((p) => [`${p}.weight`, `${p}.bias`]);
    const count = (op: { name: string }): number =>
      added(graph, loss, all).filter((t) => t.endsWith(` ${op.name}`)).length;
    // Three weights, three biases, but no gradient of the network's input.
    expect([count(matmulTransposeA), count(columnSums), count(matmulTransposeB)]).toEqual([3, 3, 2]);
    expect(added(graph, loss, all)).toHaveLength(8);
  });

  it("has no dead node, and leaves what comes after the loss alone", () => {
    const { graph, loss } = chain(["a", "b"]);
    const builder = GraphBuilder.from(graph);
    const logits = graph.nodes.at(-2)!.outputs[0]!;
    builder.output("bent", builder.apply(relu, [logits], {}, "after")[0]!);
    const differentiated = differentiate(builder.finish(), loss, new Set(["a.weight"]), gradientRules);
    const outputs = new Map([...differentiated.graph.outputs, ...differentiated.grads]);
    const whole = { ...differentiated.graph, outputs };
    expect(dropDead({ graph: whole, weights: new Map() }).graph.nodes).toHaveLength(whole.nodes.length);
    expect(whole.nodes.filter((n) => n.path.startsWith("after"))).toHaveLength(1);
  });
});

describe("errors", () => {
  const { graph, loss } = chain(["a", "b"]);
  const grads =
    (g: Graph, l: Value, ...trainable: string[]) =>
    () =>
      differentiate(g, l, new Set(trainable), gradientRules);

  it("name a param that does not exist", () => {
    expect(grads(graph, loss, "a.wieght")).toThrow('differentiate: there is no param "a.wieght"');
  });

  it("name the op without a rule, with its path", () => {
    const b = GraphBuilder.from(graph);
    const logits = graph.nodes.at(-2)!.outputs[0]!;
    const ruleless = { ...relu, name: "mystery" };
    const bent = b.apply(ruleless, [logits], {}, "odd")[0]!;
    const targets = [graph.inputs.get("labels")!, graph.inputs.get("weights")!] as const;
    const [other] = b.apply(softmaxCrossEntropy, [bent, ...targets], { smoothing: 0 }, "other") as [Value];
    expect(grads(b.finish(), other, "b.bias")).toThrow('differentiate: op mystery at "odd" has no gradient rule');
  });

  it("refuse a loss that is part of another", () => {
    const b = new GraphBuilder();
    const lossOp = { ...relu, name: "lossLike" };
    const first = b.apply(lossOp, [b.param("w", f32(1))], {}, "first")[0]!;
    const second = b.apply(lossOp, [first], {}, "second")[0]!;
    const rules: GradientRules = new Map([[lossOp, ({ outputs, outputGrad }) => [outputGrad ?? outputs[0]]]]);
    expect(differentiate(b.finish(), [second], new Set(["w"]), rules).grads.get("w")).toBe(second);
    expect(() => differentiate(b.finish(), [first, second], new Set(["w"]), rules)).toThrow(
      'differentiate: loss "first" is part of another loss; leave one of them out',
    );
  });

  it("name a param no loss depends on", () => {
    const b = GraphBuilder.from(graph);
    linear(new Scope(b, "unused"), graph.inputs.get("x")!, 4);
    expect(grads(b.finish(), loss, "b.weight", "unused.weight")).toThrow(
      'differentiate: no loss depends on "unused.weight"',
    );
    const ruleless = b.apply(relu, [graph.inputs.get("x")!], {}, "apart")[0]!;
    expect(grads(b.finish(), ruleless, "b.weight")).toThrow('differentiate: no loss depends on "b.weight"');
  });

  it("refuse a loss that is not made by a loss op", () => {
    const logits = graph.nodes.at(-2)!.outputs[0]!;
    expect(grads(graph, logits, "b.weight")).toThrow(
      'differentiate: op addBias at "b" cannot be the loss: it gives no gradient for input 0',
    );
  });
});
