import { batchNormTraining, f32, type Gpu, softmaxCrossEntropy, TlxError, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  averagePool,
  batchNorm,
  concat,
  conv2d,
  differentiate,
  dropDead,
  dropout,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  linear,
  maxPool,
  Params,
  Program,
  Scope,
  toInference,
  toTraining,
} from "@tlx/nn";
import { interpret, interpretStep } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { inputsOf, network, outputsOf, relativeError, smallNet } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const plain = network(smallNet());
const all = ["stem.bn", "depthwise.bn", "right.bn"];
const normsOf = (graph: Graph): string[] =>
  graph.nodes.filter((n) => n.path.endsWith("bn")).map((n) => `${n.path} ${n.op.name}`);

describe("toTraining", () => {
  it("freezes every batch norm that does not train", () => {
    const { graph, weights } = toTraining(plain, new Set(["depthwise.bn"]));
    expect(normsOf(graph)).toEqual([
      "stem.bn channelAffine",
      "depthwise.bn batchNormTraining",
      "right.bn channelAffine",
    ]);
    const made = dropDead({ graph, weights });
    expect([...made.graph.states.keys()]).toEqual(["depthwise.bn.running_mean", "depthwise.bn.running_var"]);
    const params = [...made.graph.params.keys()].filter((path) => path.includes("bn"));
    expect(params).toEqual([
      "depthwise.bn.weight",
      "depthwise.bn.bias",
      "stem.bn.scale",
      "stem.bn.shift",
      "right.bn.scale",
      "right.bn.shift",
    ]);
  });

  it("computes what inference does, where none trains", () => {
    const [found, expected] = [toTraining(plain, new Set()), toInference(plain)].map((n) =>
      outputsOf(n.graph, n.weights),
    );
    expect(found).toEqual(expected);
  });

  it("computes what the network does whose running statistics are those of the batch", () => {
    const { graph, weights } = toTraining(plain, new Set(all));
    const values = interpret(graph, weights, inputsOf(graph));
    const moved = new Map(weights);
    for (const { op, path, outputs, params } of graph.nodes) {
      if (op !== batchNormTraining) continue;
      const [, mean, rstd] = outputs.map((v) => values.get(v)!);
      const { eps } = params as { eps: number };
      moved.set(`${path}.running_mean`, { spec: f32(mean!.length), data: mean! });
      moved.set(`${path}.running_var`, { spec: f32(mean!.length), data: rstd!.map((r) => 1 / r ** 2 - eps) });
    }
    const expected = outputsOf(plain.graph, moved);
    const found = outputsOf(graph, weights);
    for (const [name, data] of expected) expect(relativeError(found.get(name)!, data), name).toBeLessThan(1e-9);
    const before = outputsOf(plain.graph, weights).get("logits")!;
    expect(relativeError(found.get("logits")!, before)).toBeGreaterThan(1e-2);
  });

  it("keeps eps, dropout and the marks", () => {
    const b = new GraphBuilder();
    const s = new Scope(b);
    const x = batchNorm(s.at("bn"), b.input("x", f32(3, 5)), 0.25);
    b.output("y", s.at("drop").mark(dropout(s.at("drop"), x, { rate: 0.5, seed: 7, step: b.input("step", u32(1)) })));
    const { graph } = toTraining(network(b.finish()), new Set(["bn"]));
    expect(graph.nodes.map((n) => n.op.name)).toEqual(["batchNormTraining", "dropout"]);
    expect(graph.nodes[0]!.params).toEqual({ eps: 0.25, momentum: 0.1 });
    expect([...graph.marks.keys()]).toEqual(["drop"]);
  });

  it("refuses a path at which there is no batch norm", () => {
    expect(() => toTraining(plain, new Set(["stem.conv"]))).toThrow(
      new TlxError(
        "E_GRAPH",
        'toTraining: there is no batch norm "stem.conv"; there are: stem.bn, depthwise.bn, right.bn',
      ),
    );
  });
});

/** Every pooling and concat between trained convolutions and both kinds of batch norm. */
function poolNet(): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const stem = conv2d(s.at("stem.conv"), b.input("image", f32(3, 11, 13, 3)), { out: 5, kernel: 3, pad: 1 });
  const x = activate(s.at("stem"), batchNorm(s.at("stem.bn"), stem), "relu");
  const shrink = { kernel: 3, stride: 2, pad: 1 } as const;
  const branches = [
    maxPool(s.at("max"), x, { ...shrink, ceilMode: true }),
    averagePool(s.at("average"), x, { ...shrink, ceilMode: true, countPadding: false }),
    conv2d(s.at("side.conv"), x, { out: 4, kernel: 3, stride: 2, pad: 1 }),
  ];
  const joined = batchNorm(s.at("frozen.bn"), concat(s.at("join"), branches));
  const wide = averagePool(s.at("counted"), joined, { kernel: 2, stride: 2, pad: 1, countPadding: true });
  const last = batchNorm(s.at("last.bn"), conv2d(s.at("last.conv"), wide, { out: 6, kernel: 1 }));
  b.output("logits", linear(s.at("classifier"), globalAveragePool(s.at("pool"), last), 4));
  return b.finish();
}

describe.each([
  { name: "small net", graph: smallNet(), norms: all },
  { name: "pool net", graph: poolNet(), norms: ["stem.bn", "last.bn"] },
])("a step of the $name in training form", ({ graph, norms }) => {
  const { graph: training, weights } = dropDead(toTraining(network(graph), new Set(norms)));
  const b = GraphBuilder.from(training);
  const logits = training.outputs.get("logits")!;
  const batch = logits.spec.shape[0]!;
  const targets = [b.input("labels", u32(batch)), b.input("weights", f32(batch))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "loss") as [Value];
  const trainable = new Set(training.params.keys());
  const { graph: whole, grads } = differentiate(b.finish(), loss, trainable, gradientRules);
  const inputs = new Map([
    ...inputsOf(training),
    ["labels", Uint32Array.from({ length: batch }, (_, i) => i % 4)],
    ["weights", new Float32Array(batch).fill(1 / batch)],
  ]);

  it("gives the gradients of the interpreter, and running statistics that follow", async () => {
    const named = GraphBuilder.from(whole);
    for (const [path, grad] of grads) named.output(`grad/${path}`, grad);
    const step = named.finish();
    const params = new Params(gpu, weights, "step", step);
    const program = await Program.compile(gpu, step, params);
    try {
      for (const [name, data] of inputs) program.write(name, data);
      program.run();
      const { values, weights: once } = interpretStep(step, weights, inputs);
      // The bias of a convolution or the shift before a batch norm has no gradient but rounding.
      const largest = Math.max(...[...grads.values()].map((v) => Math.max(...values.get(v)!.map(Math.abs))));
      for (const [path, grad] of grads) {
        const found = (await program.read(`grad/${path}`)).data as Float32Array;
        const expected = values.get(grad)!;
        const scale = Math.max(1e-3 * largest, ...expected.map(Math.abs));
        expected.forEach((v, i) => {
          expect(Math.abs(found[i]! - v) / scale, `${path} ${i}`).toBeLessThan(1e-4);
        });
      }
      program.run();
      const twice = interpretStep(step, once, inputs).weights;
      const states = await params.read([...training.states.keys()]);
      expect(states.size).toBe(2 * norms.length);
      for (const [path, { data }] of states) {
        expect(relativeError(data, twice.get(path)!.data), path).toBeLessThan(1e-5);
        expect(relativeError(data, weights.get(path)!.data), path).toBeGreaterThan(1e-3);
      }
    } finally {
      program.dispose();
      params.dispose();
    }
  });
});
