import { dropout as dropoutOp, f32, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  differentiate,
  dropDead,
  dropout,
  type Graph,
  GraphBuilder,
  linear,
  type Network,
  optimizeForInference,
  partition,
  Scope,
  toInference,
  withBatch,
  withOptimizer,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { fillWeights, inputsOf, network, outputsOf } from "./support/small-net.js";

const BATCH = 5;

/** A frozen layer, dropout, a hidden layer with dropout after it, and a head; `rate` 0 leaves dropout out. */
function build(rate: number, activation: "relu" | "relu6" = "relu", seed = 3): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const step = b.input("step", u32(1));
  const drop = (path: string, x: Value): Value => (rate > 0 ? dropout(s.at(path), x, { rate, seed, step }) : x);
  const base = linear(s.at("base"), b.input("x", f32(BATCH, 6)), 8);
  const hidden = activate(s, linear(s.at("hidden"), drop("before", base), 30), activation);
  b.output("logits", linear(s.at("head"), drop("after", hidden), 3));
  return b.finish();
}

const inputs = new Map(inputsOf(build(0.4)));
const at = (step: number): typeof inputs => new Map([...inputs, ["step", Uint32Array.of(step)]]);
const logitsOf = ({ graph, weights }: Network, step = 1): Float64Array =>
  outputsOf(graph, weights, at(step)).get("logits")!;

describe("dropout", () => {
  it("differs from step to step, from seed to seed and from path to path, and repeats", () => {
    const net = network(build(0.4));
    expect(logitsOf(net, 1)).toEqual(logitsOf(net, 1));
    expect(logitsOf(net, 2)).not.toEqual(logitsOf(net, 1));
    expect(logitsOf(network(build(0.4, "relu", 4)))).not.toEqual(logitsOf(net));
    const seeds = net.graph.nodes
      .filter((n) => n.op.name === "dropout")
      .map((n) => (n.params as { seed: number }).seed);
    expect(new Set(seeds).size).toBe(2);
  });

  it("keeps its share, and the mean", () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(100_000));
    b.output("y", dropout(new Scope(b, "drop"), x, { rate: 0.3, seed: 1, step: b.input("step", u32(1)) }));
    const fed = new Map<string, Float32Array | Uint32Array>([
      ["x", new Float32Array(100_000).fill(1)],
      ["step", Uint32Array.of(9)],
    ]);
    const y = outputsOf(b.finish(), new Map(), fed).get("y")!;
    const kept = y.filter((v) => v > 0);
    // Six standard deviations of a binomial count.
    expect(Math.abs(kept.length - 70_000)).toBeLessThan(6 * Math.sqrt(100_000 * 0.3 * 0.7));
    expect(kept.every((v) => v === 1 / 0.7)).toBe(true);
  });

  it.each([
    [1, 0],
    [-0.1, 0],
    [Number.NaN, 0],
    [0.5, -1],
    [0.5, 2 ** 32],
    [0.5, 0.5],
  ])("refuses rate %f with seed %f", (rate, seed) => {
    const b = new GraphBuilder();
    const inputsOfIt = [b.input("x", f32(3)), b.input("step", u32(1))];
    // The layer makes a seed of the path; the op takes this one.
    const make = (): unknown => b.apply(dropoutOp, inputsOfIt, { rate, seed }, "drop");
    expect(make).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

describe("passes over a network with dropout", () => {
  const net = network(build(0.4));
  const bare = { ...network(build(0)), weights: net.weights };

  it("toInference takes it out, with the input that fed it", () => {
    const found = toInference(net);
    expect(found.graph.nodes.map((n) => n.op.name)).toEqual(bare.graph.nodes.map((n) => n.op.name));
    expect([...found.graph.inputs.keys()]).toEqual(["x"]);
    expect(logitsOf(found)).toEqual(logitsOf(bare));
  });

  it("toInference leaves alone what nobody read before", () => {
    const b = GraphBuilder.from(net.graph);
    b.input("idle", f32(1));
    expect([...toInference({ ...net, graph: b.finish() }).graph.inputs.keys()]).toEqual(["x", "idle"]);
  });

  it("what it stood between fuses, and takes another batch", () => {
    const { graph } = optimizeForInference(net);
    expect(graph.nodes.map((n) => n.op.name)).toEqual(["matmul", "matmul", "matmul"]);
    expect(withBatch(graph, 2).outputs.get("logits")!.spec).toEqual(f32(2, 3));
  });

  it("partition keeps it out of the prefix, which runs once", () => {
    const { prefix, tail, frontier } = partition(net.graph, new Set(["head.weight", "head.bias"]));
    expect(prefix.nodes.map((n) => n.path)).toEqual(["base", "base"]);
    expect([...prefix.inputs.keys()]).toEqual(["x"]);
    expect(frontier).toHaveLength(1);
    expect([...tail.inputs.keys()]).toEqual(["step", "frontier.0"]);
    expect(tail.nodes[0]!.op.name).toBe("dropout");
  });
});

describe.each(["relu", "relu6"] as const)("gradients through %s and dropout", (activation) => {
  const b = GraphBuilder.from(build(0.4, activation));
  const logits = b.finish().outputs.get("logits")!;
  const targets = [b.input("labels", u32(BATCH)), b.input("weights", f32(BATCH))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0.2 }, "loss") as [Value];
  const trainable = ["base.weight", "hidden.weight", "hidden.bias", "head.weight"];
  const made = differentiate(b.finish(), loss, new Set(trainable), gradientRules);
  const weights = fillWeights(made.graph);
  const fed = new Map([
    ...at(7),
    ["labels", Uint32Array.of(0, 2, 1, 1, 2)],
    ["weights", Float32Array.of(0.3, 0.2, 0, 0.1, 0.4)],
  ]);

  it("are central differences of the double interpreter", () => {
    const values = interpret(made.graph, weights, fed);
    const h = 1e-6;
    for (const path of trainable) {
      const tensor = weights.get(path)!;
      const lossAt = (i: number, move: number): number => {
        const data = Float64Array.from(tensor.data as Float32Array);
        data[i]! += move;
        return interpret(made.graph, new Map([...weights, [path, { ...tensor, data }]]), fed).get(loss)![0]!;
      };
      const found = values.get(made.grads.get(path)!)!;
      expect(found.some((v) => Math.abs(v) > 1e-3)).toBe(true);
      found.forEach((v, i) => {
        expect(v, `${path}[${i}]`).toBeCloseTo((lossAt(i, h) - lossAt(i, -h)) / (2 * h), 7);
      });
    }
  });

  it("recompute the mask: nothing but x and the step is read for it", () => {
    const drops = made.graph.nodes.filter((n) => n.op.name === "dropout");
    expect(drops).toHaveLength(4);
    const step = made.graph.inputs.get("step");
    expect(drops.every((n) => n.inputs.length === 2 && n.inputs[1] === step)).toBe(true);
  });

  it("outlive rewrites with their block", () => {
    const { step: graph } = withOptimizer(made, { kind: "sgd" });
    const { graph: again } = dropDead(toInference({ graph, weights }));
    expect(again.blocks).toEqual(graph.blocks);
    expect([...again.states.keys()]).toEqual([...graph.states.keys()]);
    const held = [...again.states.values()];
    expect(again.nodes.at(-1)!.inputs.filter((v) => held.includes(v))).toEqual(held);
  });
});
