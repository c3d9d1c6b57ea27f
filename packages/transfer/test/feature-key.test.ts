import { conv2d as conv, f32 } from "@tlx/kernels";
import {
  activate,
  conv2d,
  describeGraph,
  GraphBuilder,
  globalAveragePool,
  type Network,
  Scope,
  uniformFanIn,
} from "@tlx/nn";
import { type FeatureSource, featureKey } from "@tlx/transfer";
import { describe, expect, it } from "vitest";

interface Architecture {
  readonly stride?: number;
  readonly activation?: "relu" | "relu6";
  readonly batch?: number;
  readonly swapped?: boolean;
}

/** Two convolutions beside each other, added by their order of use. */
function network({ stride = 1, activation = "relu", batch = 2, swapped = false }: Architecture = {}): Network {
  const builder = new GraphBuilder();
  const s = new Scope(builder);
  const image = builder.input("image", f32(batch, 6, 6, 3));
  const [a, b] = ["a", "b"].map((name) => conv2d(s.at(name), image, { out: 4, kernel: 3, stride, pad: 1 }));
  const x = activate(s, swapped ? b! : a!, activation);
  builder.output("features", globalAveragePool(s, x));
  builder.output("other", globalAveragePool(s, swapped ? a! : b!));
  const graph = builder.finish();
  const weights = new Map([...graph.params].map(([path, { spec }]) => [path, uniformFanIn(spec, 27, 1, path)]));
  return { graph, weights };
}

const source = (change: Partial<FeatureSource> = {}): FeatureSource => ({
  base: network(),
  cut: "features",
  preprocess: { resize: 8, crop: 6, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  device: "a device",
  ...change,
});

/** The network with one weight moved by the least there is. */
function nudged(): Network {
  const { graph, weights } = network();
  const [path, { spec, data }] = [...weights][1]!;
  const bits = new Uint32Array(Float32Array.from(data).buffer);
  bits[bits.length - 1]! ^= 1;
  return { graph, weights: new Map([...weights, [path, { spec, data: new Float32Array(bits.buffer) }]]) };
}

describe("the key of features", () => {
  it("is equal for equal networks, however they came to be", async () => {
    const key = await featureKey(source());
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await featureKey(source())).toBe(key);
    // Weights in another order, and in the middle of a larger buffer.
    const { graph, weights } = network();
    const moved = [...weights].reverse().map(([path, { spec, data }]) => {
      const buffer = new Float32Array(data.length + 7);
      buffer.set(data as Float32Array, 3);
      return [path, { spec, data: buffer.subarray(3, 3 + data.length) }] as const;
    });
    expect(await featureKey(source({ base: { graph, weights: new Map(moved) } }))).toBe(key);
  });

  const { preprocess } = source();
  const changes: readonly (readonly [string, Partial<FeatureSource>])[] = [
    ["one bit of a weight", { base: nudged() }],
    ["an op's params", { base: network({ stride: 2 }) }],
    ["an op", { base: network({ activation: "relu6" }) }],
    ["the wiring alone", { base: network({ swapped: true }) }],
    ["the batch", { base: network({ batch: 3 }) }],
    ["the cut", { cut: "other" }],
    ["the resize", { preprocess: { ...preprocess, resize: 7 } }],
    ["the mean", { preprocess: { ...preprocess, mean: [0.5, 0.5, 0.4] } }],
    ["the deviation", { preprocess: { ...preprocess, std: [0.25, 0.2, 0.25] } }],
    ["the device", { device: "another" }],
  ];
  it.each(changes)("changes with %s", async (_, change) => {
    expect(await featureKey(source(change))).not.toBe(await featureKey(source()));
  });
});

describe("the text of a graph", () => {
  it("has every spec, op, param and wire, and no value's number of birth", () => {
    const lines = describeGraph(network().graph).split("\n");
    expect(lines[0]).toBe('inputs "image" = %0 f32[2, 6, 6, 3]');
    expect(lines.filter((line) => line.startsWith("params"))).toHaveLength(Number(network().graph.params.size));
    expect(
      lines.some((line) => /^conv2d \{.*"stride":\[1,1\].*\} \(%0 %1.*\) = %\d+ f32\[2, 6, 6, 4\]$/.test(line)),
    ).toBe(true);
    expect(lines.at(-2)).toMatch(/^outputs "other" = %\d+$/);
  });

  it("tells apart what JSON does not", () => {
    const text = (value: unknown): string => {
      const { graph } = network();
      const [first, ...rest] = graph.nodes;
      return describeGraph({ ...graph, nodes: [{ ...first!, params: { value } }, ...rest] });
    };
    const values = [0, -0, Number.NaN, Infinity, -Infinity, null, "0", "null", [], {}, [0], true];
    expect(new Set(values.map(text)).size).toBe(values.length);
    expect(() => text(new Map())).toThrow(expect.objectContaining({ code: "E_GRAPH" }));
    expect(() => text(() => 1)).toThrow(expect.objectContaining({ code: "E_GRAPH" }));
    expect(conv.name).toBe("conv2d");
  });
});
