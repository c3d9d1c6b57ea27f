/** One network twice: distances, tensors, batch norm folded, and the first module that differs. */
import { f32, type Gpu, type HostTensor } from "@tlx/kernels";
import { type Network, uniformFanIn } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import {
  buildFeatureGraph,
  type Checkpoint,
  compareTensors,
  compareTraces,
  distanceOf,
  exportTensors,
  findDivergence,
  findModel,
  foldNorms,
  loadBackbone,
  parseSafetensors,
  partialNetwork,
  preparePicture,
  traceNetwork,
  withInputSize,
  writeSafetensors,
} from "@tlx/transfer";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePicture, tinyModel } from "./tiny-model.js";

const model = withInputSize(findModel("tlx-nano"), 32);

/** With running statistics that are no ones and zeros. */
function madeNetwork(): Network {
  const graph = buildFeatureGraph(model, { batch: 1, form: "separate" });
  const tensors = [...graph.params, ...graph.states].map(([path, { spec }]): [string, HostTensor] => {
    const { data } = uniformFanIn(spec, spec.shape.length === 1 ? 4 : 9, 1, path);
    const isPositive = path.endsWith("norm.weight") || path.endsWith("running_var");
    return [path, { spec, data: isPositive ? data.map((v) => v + 1) : data }];
  });
  return { graph, weights: new Map(tensors) };
}

const checkpointOf = (weights: Network["weights"]): Checkpoint =>
  parseSafetensors(writeSafetensors(exportTensors(weights)));

/** The same with one number of a tensor moved. */
function nudged(network: Network, path: string, by = 0.5): Network {
  const { spec, data } = network.weights.get(path)!;
  const moved = Float32Array.from(data, (v, i) => (i === 3 ? v + by : v));
  return { ...network, weights: new Map(network.weights).set(path, { spec, data: moved }) };
}

const image = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => ((37 * i) % 251) / 125 - 1);

describe("a distance", () => {
  it("is the largest one, of the largest number, with its place", () => {
    expect(distanceOf([1, 2, -8, 4], [1, 2.5, -7, 4])).toEqual({
      ...{ absolute: 1, relative: 1 / 7, unlike: 2, elements: 4 },
      worst: { index: 2, a: -8, b: -7 },
    });
    expect(distanceOf([0, -0], [-0, 0])).toMatchObject({ absolute: 0, unlike: 0, worst: undefined });
  });

  it("to what is no number is infinite, unless both are alike", () => {
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
    expect(distanceOf([nan, inf, 1], [nan, inf, 1])).toMatchObject({ absolute: 0, unlike: 0 });
    for (const [a, b] of [
      [nan, 1],
      [1, nan],
      [inf, 1],
      [inf, -inf],
    ] as const) {
      expect(distanceOf([1, a], [1, b])).toMatchObject({ absolute: inf, relative: inf, worst: { index: 1 } });
    }
    expect(distanceOf([1e-9], [0]).relative).toBe(inf);
  });
});

describe("tensors", () => {
  const stored = (tensors: Record<string, readonly number[]>): Checkpoint =>
    checkpointOf(
      new Map(Object.entries(tensors).map(([n, v]) => [n, { spec: f32(v.length), data: Float32Array.from(v) }])),
    );

  it("are the same, near, far, of another shape or in one file only; counters are none", () => {
    const a = stored({
      same: [1, 2],
      near: [1, 2],
      far: [1, 2],
      shape: [1, 2],
      gone: [1],
      "n.num_batches_tracked": [5],
    });
    const b = stored({ same: [1, 2], near: [1, 2.0001], far: [1, 2.1], shape: [1, 2, 3], come: [1] });
    const found = compareTensors(a, b, 1e-4).map(({ name, likeness }) => [name, likeness]);
    expect(Object.fromEntries(found)).toEqual({
      ...{ same: "same", near: "near", far: "far", shape: "shape", gone: "only A", come: "only B" },
    });
    expect(compareTensors(a, b, 0).find(({ name }) => name === "near")?.likeness).toBe("far");
  });

  it("that are no floats are the same to the byte, or far", () => {
    const whole = (...numbers: number[]): Checkpoint => {
      const bytes = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
      return { tensors: new Map([["w", { name: "w", dtype: "I64", shape: [2], bytes }]]), metadata: new Map() };
    };
    const rate = (a: Checkpoint, b: Checkpoint) => compareTensors(a, b, 1)[0]?.likeness;
    expect([rate(whole(1, 2), whole(1, 2)), rate(whole(1, 2), whole(1, 3))]).toEqual(["same", "far"]);
    expect(rate(whole(1, 2), stored({ w: [1, 2] }))).toBe("shape");
  });

  it("of half precision are compared as what they stand for", () => {
    const half = { name: "w", dtype: "F16", shape: [2], bytes: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer) };
    const a: Checkpoint = { tensors: new Map([["w", half]]), metadata: new Map() };
    expect(compareTensors(a, stored({ w: [1, -2] }), 0)).toEqual([
      expect.objectContaining({ likeness: "same", a: "F16 [2]", b: "F32 [2]" }),
    ]);
  });
});

it("batch norm that is folded computes the same", () => {
  const network = madeNetwork();
  const checkpoint = checkpointOf(foldNorms(network));
  expect([...checkpoint.tensors.keys()].filter((name) => name.includes("norm"))).toEqual([]);
  const graph = buildFeatureGraph(model, { batch: 1, form: "folded" });
  const { weights } = loadBackbone(model, checkpoint);
  const run = ({ graph, weights }: Network): Float64Array =>
    interpret(graph, weights, new Map([["image", image]])).get(graph.outputs.get("features")!)!;
  expect(distanceOf(run({ graph, weights }), run(network)).relative).toBeLessThan(1e-5);
});

it("a network goes as far as its tensors", () => {
  const { graph, weights } = madeNetwork();
  const image32 = new Map([["image", image]]);
  const part = new Map([...weights].filter(([path]) => !/^(top|blocks\.[4-9])\./.test(path)));
  const early = partialNetwork(model, checkpointOf(part));
  expect([...early.graph.outputs.keys()]).toEqual(["blocks.3"]);
  const found = interpret(early.graph, early.weights, image32).get(early.graph.outputs.get("blocks.3")!)!;
  expect(distanceOf(found, interpret(graph, weights, image32).get(graph.marks.get("blocks.3")!)!).absolute).toBe(0);
  expect(() => partialNetwork(model, checkpointOf(new Map([...weights].slice(5))))).toThrow(/first module/);
});

describe("modules", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await testGpu();
  });

  it("are the same however they are computed, and fused ones are a part of all", async () => {
    const network = madeNetwork();
    const before = gpu.liveBytes;
    const [fused, whole, plain] = [
      await traceNetwork(gpu, network, image, "fused"),
      await traceNetwork(gpu, network, image, "whole"),
      await traceNetwork(gpu, network, image, "plain"),
    ];
    expect(gpu.liveBytes).toBe(before);
    expect([...whole.keys()]).toEqual([...network.graph.marks.keys(), "features"]);
    expect([...plain.keys()]).toEqual([...whole.keys()]);
    expect([...fused.keys()].every((path) => whole.has(path))).toBe(true);
    for (const path of ["blocks.0", "blocks.9", "avgpool"]) expect([...fused.keys()]).toContain(path);
    for (const trace of [fused, plain]) {
      const layers = compareTraces(network.graph, trace, whole, 1e-5);
      expect(layers).toHaveLength(trace.size);
      expect(layers.filter(({ likeness }) => likeness === "far")).toEqual([]);
      expect(findDivergence(network.graph, layers)).toBeUndefined();
    }
  });

  it.each([
    ["blocks.2.depthwise.conv.weight", "blocks.2.depthwise.conv"],
    ["blocks.4.project.norm.running_mean", "blocks.4.project.norm"],
    ["stem.conv.weight", "stem.conv"],
  ])("of networks that differ in %s differ first at %s", async (tensor, path) => {
    const network = madeNetwork();
    const a = await traceNetwork(gpu, network, image, "whole");
    const b = await traceNetwork(gpu, nudged(network, tensor), image, "whole");
    const layers = compareTraces(network.graph, a, b, 1e-4);
    const divergence = findDivergence(network.graph, layers);
    expect(divergence?.path).toBe(path);
    expect(divergence?.tensors).toContain(tensor);
    expect(divergence?.tensors.every((name) => name.startsWith(path))).toBe(true);
    const at = layers.findIndex((layer) => layer.path === path);
    expect(layers.slice(0, at).every(({ likeness }) => likeness === "same")).toBe(true);
  });

  it("that have another shape, or are of one side only, are told apart", () => {
    const { graph } = madeNetwork();
    const value = (n: number): HostTensor => ({ spec: f32(1, n), data: new Float32Array(n) });
    const layers = compareTraces(
      graph,
      new Map([
        ["stem", value(2)],
        ["top", value(2)],
      ]),
      new Map([["stem", value(3)]]),
      0,
    );
    expect(layers).toEqual([{ path: "stem", likeness: "shape", spec: "f32[1, 2], B f32[1, 3]" }]);
    expect(findDivergence(graph, layers)?.path).toBe("stem");
  });

  it("see a picture as predictions do", async () => {
    const { preprocess } = tinyModel;
    const picture = madePicture(1, 0);
    const pixels = await preparePicture(gpu, picture, preprocess);
    const expected = Float32Array.from({ length: 12 * 12 * 3 }, (_, i) => {
      const pixel = picture.data[4 * Math.floor(i / 3) + (i % 3)]! / 255;
      return (pixel - 0.5) / 0.25;
    });
    expect(distanceOf(pixels, expected).absolute).toBeLessThan(1e-5);
  });
});
