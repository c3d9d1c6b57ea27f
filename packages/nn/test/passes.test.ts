import { add, channelAffine, f32, relu, TlxError, type Value } from "@tlx/kernels";
import {
  batchNorm,
  conv2d,
  dropDead,
  foldAffine,
  fuseEpilogue,
  type Graph,
  GraphBuilder,
  linear,
  type Network,
  optimizeForInference,
  Scope,
  toInference,
  withBatch,
  withOutputs,
} from "@tlx/nn";
import { describe, expect, it } from "vitest";
import { bareConv, fillWeights, inputsOf, network, outputsOf, relativeError, smallNet } from "./support/small-net.js";

const TOLERANCE = 1e-12;

/** Same outputs in double, whatever the nodes. */
function expectEqualNetworks(found: Network, expected: Network): void {
  const inputs = inputsOf(expected.graph);
  const a = outputsOf(found.graph, found.weights, inputs);
  const b = outputsOf(expected.graph, expected.weights, inputs);
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, values] of b) expect(relativeError(a.get(name)!, values), name).toBeLessThan(TOLERANCE);
}

const list = (graph: Graph): string[] =>
  graph.nodes.map((n) => {
    const activation = (n.params as { activation?: string }).activation;
    const extras = n.inputs.length > 2 ? ` (${n.inputs.length} inputs)` : "";
    return `${n.path} ${n.op.name}${extras}${activation && activation !== "none" ? ` ${activation}` : ""}`;
  });

/** A graph of one input [2, 3, 4, 6] that ends in output "y". */
function build(make: (b: GraphBuilder, x: Value) => Value): Network {
  const b = new GraphBuilder();
  b.output("y", make(b, b.input("x", f32(2, 3, 4, 6))));
  return network(b.finish());
}

const affine = (b: GraphBuilder, path: string, x: Value): Value => {
  const spec = f32(x.spec.shape[3]!);
  return b.apply(channelAffine, [x, b.param(`${path}.scale`, spec), b.param(`${path}.shift`, spec)], {}, path)[0]!;
};

describe("the small net", () => {
  const plain = network(smallNet());

  it.each([
    ["toInference", toInference],
    ["fuseEpilogue", fuseEpilogue],
    ["foldAffine of the inference form", (n: Network) => foldAffine(toInference(n))],
    ["dropDead", dropDead],
    ["optimizeForInference", optimizeForInference],
    ["optimizeForInference, twice", (n: Network) => optimizeForInference(optimizeForInference(n))],
  ])("%s keeps the results", (_, pass) => {
    expectEqualNetworks(pass(plain), plain);
  });

  it("is left with the nodes that must remain", () => {
    const { graph, weights } = optimizeForInference(plain);
    expect(list(graph)).toMatchInlineSnapshot(`
      [
        "stem.conv conv2d (3 inputs) relu6",
        "depthwise.conv depthwiseConv2d (3 inputs)",
        "left.conv conv2d (4 inputs)",
        "right.conv conv2d (4 inputs) relu",
        "double add",
        "lone channelAffine (3 inputs)",
        "shared.conv conv2d (3 inputs)",
        "shared relu",
        "shared add",
        "last.conv conv2d (3 inputs) relu",
        "pool globalAveragePool",
        "classifier matmul (3 inputs)",
      ]
    `);
    expect([...weights.keys()]).toEqual([...graph.params.keys(), ...graph.states.keys()]);
    expect(graph.states.size).toBe(0);
    expect([...graph.params.keys()].filter((p) => /bn|conv\.(weight|bias)$/.test(p))).toMatchInlineSnapshot(`
      [
        "left.conv.weight",
        "left.conv.bias",
        "shared.conv.weight",
        "shared.conv.bias",
        "last.conv.weight",
        "last.conv.bias",
      ]
    `);
    expect(graph.nodes.some((n) => n.op === relu)).toBe(true);
  });

  it("has the marks whose values are still computed", () => {
    expect([...plain.graph.marks.keys()]).toEqual(["stem", "left"]);
    const optimized = optimizeForInference(plain);
    expect([...optimized.graph.marks.keys()]).toEqual(["stem", "left"]);
    const some = { ...optimized, graph: withOutputs(optimized.graph, ["stem", "left"], true) };
    expectEqualNetworks(some, { ...plain, graph: withOutputs(plain.graph, ["stem", "left"], true) });
  });
});

describe("toInference", () => {
  it("says which weight is missing", () => {
    const graph = smallNet();
    const weights = new Map([...fillWeights(graph)].filter(([path]) => path !== "stem.bn.running_var"));
    expect(() => toInference({ graph, weights })).toThrow(
      new TlxError("E_WEIGHTS", 'rewrite: the value of weight "stem.bn.running_var" is missing'),
    );
  });
});

describe("foldAffine", () => {
  it("folds two affines in a row, and convolutions of one path and one weight", () => {
    const chain = build((b, x) => affine(b, "second", affine(b, "first", bareConv(b, "conv", x, 5))));
    const folded = dropDead(foldAffine(chain));
    expect(list(folded.graph)).toEqual(["conv conv2d (3 inputs)"]);
    expectEqualNetworks(folded, chain);

    const twins = build((b, x) => {
      const one = bareConv(b, "conv", x, 5);
      const { op, inputs, params } = b.maker(one)!;
      const two = b.apply(op, inputs, params, "conv")[0]!;
      return b.apply(add, [affine(b, "first", one), affine(b, "second", two)], {}, "sum")[0]!;
    });
    const both = dropDead(foldAffine(twins));
    expect(list(both.graph)).toEqual(["conv conv2d (3 inputs)", "conv conv2d (3 inputs)", "sum add"]);
    expectEqualNetworks(both, twins);
  });

  it("leaves a convolution that has its activation already", () => {
    const late = fuseEpilogue(
      build((b, x) => affine(b, "affine", b.apply(relu, [bareConv(b, "conv", x, 5)], {}, "relu")[0]!)),
    );
    expect(list(foldAffine(late).graph)).toEqual(["conv conv2d relu", "affine channelAffine (3 inputs)"]);
  });

  it("leaves a convolution with a second reader, and an affine whose numbers are computed", () => {
    const shared = build((b, x) => {
      const conv = bareConv(b, "conv", x, 5);
      return b.apply(add, [affine(b, "affine", conv), conv], {}, "sum")[0]!;
    });
    expect(list(foldAffine(shared).graph)).toEqual(list(shared.graph));
    const computed = build((b, x) => {
      const spec = f32(5);
      const scale = b.apply(relu, [b.param("scale", spec)], {}, "relu")[0]!;
      return b.apply(channelAffine, [bareConv(b, "conv", x, 5), scale, b.param("shift", spec)], {}, "affine")[0]!;
    });
    expect(list(foldAffine(computed).graph)).toEqual(list(computed.graph));
    expect(list(optimizeForInference(computed).graph)).toEqual(["relu relu", "conv conv2d (4 inputs)"]);
    expectEqualNetworks(optimizeForInference(computed), computed);
  });
});

describe("fuseEpilogue", () => {
  it("leaves the sum of a value with itself, and a result that is an output", () => {
    const b = new GraphBuilder();
    const s = new Scope(b);
    const x = b.input("x", f32(2, 3, 4, 6));
    const conv = conv2d(s.at("conv"), x, { out: 6, kernel: 1, bias: true });
    b.output("doubled", b.apply(add, [conv, conv], {}, "double")[0]!);
    const other = conv2d(s.at("other"), x, { out: 6, kernel: 1 });
    b.output("linear", other);
    b.output("bent", b.apply(relu, [other], {}, "bent")[0]!);
    const plain = network(b.finish());
    const fused = fuseEpilogue(plain);
    expect(list(fused.graph)).toEqual(["conv conv2d (3 inputs)", "double add", "other conv2d", "bent relu"]);
    expectEqualNetworks(fused, plain);
  });

  it("keeps the order bias, residual, activation", () => {
    const late = build((b, x) => {
      const sum = b.apply(add, [bareConv(b, "conv", x, 6), x], {}, "sum")[0]!;
      return b.apply(relu, [sum], {}, "relu")[0]!;
    });
    expect(list(fuseEpilogue(late).graph)).toEqual(["conv conv2d (3 inputs) relu"]);
    expectEqualNetworks(fuseEpilogue(late), late);
    const scaled = build((b, x) => affine(b, "affine", b.apply(add, [bareConv(b, "conv", x, 6), x], {}, "sum")[0]!));
    expect(list(fuseEpilogue(scaled).graph)).toEqual(["conv conv2d (3 inputs)", "affine channelAffine (3 inputs)"]);
    expectEqualNetworks(fuseEpilogue(scaled), scaled);
    const bent = build((b, x) => {
      const s = new Scope(b, "conv");
      const r = b.apply(relu, [conv2d(s, x, { out: 6, kernel: 1, bias: true })], {}, "relu")[0]!;
      return b.apply(add, [r, x], {}, "sum")[0]!;
    });
    expect(list(fuseEpilogue(bent).graph)).toEqual(["conv conv2d (3 inputs) relu", "sum add"]);
    expectEqualNetworks(fuseEpilogue(bent), bent);
  });

  it("forgets the mark of a result that is computed nowhere any more", () => {
    const b = new GraphBuilder();
    const s = new Scope(b, "dense");
    const y = s.mark(linear(s, b.input("x", f32(2, 6)), 3));
    b.output("y", b.apply(relu, [y], {}, "relu")[0]!);
    expect([...fuseEpilogue(network(b.finish())).graph.marks.keys()]).toEqual([]);
  });
});

describe("dropDead", () => {
  it("drops nodes and weights nobody needs, keeps inputs", () => {
    const plain = network(smallNet());
    const cut = dropDead({ ...plain, graph: withOutputs(plain.graph, ["stem"], true) });
    expect(list(cut.graph)).toEqual(["stem.conv conv2d", "stem.bn batchNorm (5 inputs)", "stem relu6"]);
    expect([...cut.weights.keys()].sort()).toEqual([
      "stem.bn.bias",
      "stem.bn.running_mean",
      "stem.bn.running_var",
      "stem.bn.weight",
      "stem.conv.weight",
    ]);
    expect([...cut.graph.inputs.keys()]).toEqual(["image"]);
    expect([...cut.graph.marks.keys()]).toEqual(["stem"]);
  });
});

it("withBatch computes every sample as before", () => {
  const weights = fillWeights(smallNet());
  const three = smallNet(3);
  const image = inputsOf(three).get("image")!;
  const whole = outputsOf(three, weights);
  const single = withBatch(three, 1);
  for (let n = 0; n < 3; n++) {
    const size = image.length / 3;
    const one = outputsOf(single, weights, new Map([["image", image.slice(n * size, (n + 1) * size)]]));
    for (const [name, values] of one) {
      expect(values).toEqual(whole.get(name)!.slice(n * values.length, (n + 1) * values.length));
    }
  }
});

it("withOutputs lists the modules there are", () => {
  expect(() => withOutputs(smallNet(), ["features.99"])).toThrow(
    new TlxError("E_GRAPH", 'withOutputs: there is no module "features.99"; there are: stem, left, middle, logits'),
  );
});

it("batch norm without a convolution before it becomes an affine", () => {
  const plain = build((b, x) => batchNorm(new Scope(b, "bn"), x));
  const optimized = optimizeForInference(plain);
  expect(list(optimized.graph)).toEqual(["bn channelAffine (3 inputs)"]);
  expectEqualNetworks(optimized, plain);
});
