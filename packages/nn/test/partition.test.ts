import { add, channelScale, f32 } from "@tlx/kernels";
import {
  concat,
  GraphBuilder,
  globalAveragePool,
  linear,
  optimizeForInference,
  partition,
  Scope,
  toTraining,
  weightsOf,
  withOutputs,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { fillWeights, inputsOf, outputsOf, relativeError, smallNet } from "./support/small-net.js";

const graph = withOutputs(smallNet(), ["stem"]);
const weights = fillWeights(graph);
const inputs = inputsOf(graph);
const whole = outputsOf(graph, weights, inputs);

/** The paths of all params under the given modules. */
const under = (...modules: string[]): Set<string> =>
  new Set([...graph.params.keys()].filter((path) => modules.some((m) => path.startsWith(`${m}.`))));

describe.each([
  { trained: ["classifier"], crossing: 1, prefixOutputs: ["frontier.0", "middle", "stem"] },
  { trained: ["last", "classifier"], crossing: 1, prefixOutputs: ["frontier.0", "middle", "stem"] },
  { trained: ["left"], crossing: 1, prefixOutputs: ["frontier.0", "middle", "stem"] },
  { trained: ["right", "classifier"], crossing: 1, prefixOutputs: ["frontier.0", "middle", "stem"] },
  { trained: ["depthwise"], crossing: 1, prefixOutputs: ["frontier.0", "stem"] },
  { trained: ["stem"], crossing: 0, prefixOutputs: [] },
])("partition where $trained train", ({ trained, crossing, prefixOutputs }) => {
  const trainable = under(...trained);
  const { prefix, tail, frontier } = partition(graph, trainable);

  it("composes to the whole", () => {
    const values = interpret(prefix, weightsOf(prefix, weights), inputs);
    const fed = new Map(inputs);
    for (const name of frontier) fed.set(name, values.get(prefix.outputs.get(name)!)!);
    const found = new Map([...outputsOf(prefix, weights, inputs), ...outputsOf(tail, weightsOf(tail, weights), fed)]);
    for (const [name, expected] of whole) expect(found.get(name), name).toEqual(expected);
  });

  it("divides nodes, weights and outputs", () => {
    expect(frontier).toHaveLength(crossing);
    expect([...prefix.outputs.keys()]).toEqual(prefixOutputs);
    expect([...tail.inputs.keys()]).toEqual([...(trained.includes("stem") ? ["image"] : []), ...frontier]);
    expect(prefix.nodes.length + tail.nodes.length).toBe(graph.nodes.length);
    expect([...prefix.params.keys()].some((path) => trainable.has(path))).toBe(false);
    for (const path of trainable) expect(tail.params.has(path)).toBe(true);
  });

  it("has a prefix that folds", () => {
    const folded = optimizeForInference({ graph: prefix, weights: weightsOf(prefix, weights) });
    const expected = outputsOf(prefix, weights, inputs);
    for (const [name, found] of outputsOf(folded.graph, folded.weights, inputs)) {
      expect(relativeError(found, expected.get(name)!), name).toBeLessThan(1e-12);
    }
  });
});

it("keeps outputs that nothing computes: an input and a frozen param", () => {
  const b = GraphBuilder.from(graph);
  b.output("given", b.input("extra", f32(2)));
  b.output("kernel", graph.params.get("stem.conv.weight")!);
  const { prefix, tail } = partition(b.finish(), under("classifier"));
  expect([...prefix.outputs.keys()]).toContain("given");
  expect([...prefix.outputs.keys()]).toContain("kernel");
  expect([...prefix.inputs.keys()]).toEqual(["image", "extra"]);
  expect([...tail.outputs.keys()]).toEqual(["logits"]);
});

describe("a batch norm with the statistics of the batch", () => {
  const { graph: training, weights: start } = toTraining({ graph, weights }, new Set(["depthwise.bn"]));
  const { prefix, tail, frontier } = partition(training, under("classifier"));

  it("is tail though it stands in front of all that is trained, with its states and what follows", () => {
    expect(prefix.nodes.map((n) => n.path)).toEqual(["stem.conv", "stem.bn", "stem", "depthwise.conv"]);
    expect(prefix.states.size).toBe(0);
    expect(tail.nodes[0]).toMatchObject({ path: "depthwise.bn", op: { name: "batchNormTraining" } });
    expect([...tail.states.keys()]).toEqual(["depthwise.bn.running_mean", "depthwise.bn.running_var"]);
    expect(frontier).toHaveLength(1);
  });

  it("composes to the whole", () => {
    const values = interpret(prefix, start, inputs);
    const fed = new Map(frontier.map((name) => [name, values.get(prefix.outputs.get(name)!)!]));
    expect(outputsOf(tail, start, fed).get("logits")).toEqual(outputsOf(training, start, inputs).get("logits"));
  });
});

describe("a tail that reads several frozen values and the input", () => {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const image = b.input("image", f32(2, 5, 4, 3));
  const scaled = (name: string): ReturnType<typeof s.apply> =>
    s.at(name).apply(channelScale, [image, s.at(name).param("scale", f32(3))], {});
  const [first, second, trained] = [scaled("first"), scaled("second"), scaled("trained")];
  // `first` is read twice by the tail, and by the prefix too.
  const joined = concat(s.at("join"), [trained, s.at("sum").apply(add, [first, second], {}), first]);
  const mixed = s.at("mixed").apply(add, [trained, second], {});
  const all = concat(s.at("all"), [joined, mixed, first]);
  b.output("logits", linear(s.at("head"), globalAveragePool(s.at("pool"), all), 7));
  const net = b.finish();
  const netWeights = fillWeights(net);
  const { prefix, tail, frontier } = partition(net, new Set(["trained.scale", "head.weight"]));

  it("gets each once, under a name of its own", () => {
    expect(prefix.nodes.map((n) => n.path)).toEqual(["first", "second", "sum"]);
    expect(frontier).toEqual(["frontier.0", "frontier.1", "frontier.2"]);
    expect(frontier.map((name) => prefix.outputs.get(name)!.path).sort()).toEqual(["first", "second", "sum"]);
    expect([...tail.inputs.keys()]).toEqual(["image", ...frontier]);
    expect([...prefix.inputs.keys()]).toEqual(["image"]);
  });

  it("composes to the whole", () => {
    const given = inputsOf(net);
    const values = interpret(prefix, netWeights, given);
    const fed = new Map(given);
    for (const name of frontier) fed.set(name, values.get(prefix.outputs.get(name)!)!);
    expect(outputsOf(tail, netWeights, fed)).toEqual(outputsOf(net, netWeights, given));
  });
});

it("refuses a trainable path that does not exist, and none at all", () => {
  expect(() => partition(graph, new Set(["head.weight"]))).toThrow('partition: there is no param "head.weight"');
  expect(() => partition(graph, new Set())).toThrow("partition: nothing is trainable");
  const b = new GraphBuilder();
  b.state("s", f32(1));
  expect(() => partition(b.finish(), new Set(["s"]))).toThrow('partition: there is no param "s"');
});
