import { add, f32 } from "@tlx/kernels";
import { GraphBuilder } from "@tlx/nn";
import { buildFeatureGraph, buildNetworkGraph, findModel, initialWeights, startBackbone } from "@tlx/transfer";
import { describe, expect, it } from "vitest";

const deviation = (data: ArrayLike<number>): number => {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
};

const graphOf = (name: string) => buildNetworkGraph(findModel(name), { batch: 1, form: "separate" });

describe("a network that begins from nothing", () => {
  const resnet = initialWeights(graphOf("resnet-18"), 1);
  const dataOf = (path: string) => resnet.get(path)!.data;

  it("has a value for every param and state", () => {
    for (const name of ["mobilenet-v2", "resnet-18", "squeezenet-1.1"]) {
      const graph = graphOf(name);
      const weights = initialWeights(graph, 3);
      expect([...weights.keys()]).toEqual([...graph.params.keys(), ...graph.states.keys()]);
      for (const { data } of weights.values()) expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it("spreads convolutions by fan out before a batch norm", () => {
    expect(deviation(dataOf("conv1.weight"))).toBeCloseTo(Math.sqrt(2 / (49 * 64)), 3);
    expect(deviation(dataOf("layer4.1.conv1.weight"))).toBeCloseTo(Math.sqrt(2 / (9 * 512)), 4);
    const depthwise = initialWeights(graphOf("mobilenet-v2"), 1).get("features.18.0.weight")!.data;
    expect(deviation(depthwise)).toBeCloseTo(Math.sqrt(2 / 1280), 3);
  });

  it("spreads convolutions with bias by fan in", () => {
    const weights = initialWeights(graphOf("squeezenet-1.1"), 1);
    expect(deviation(weights.get("features.12.squeeze.weight")!.data)).toBeCloseTo(Math.sqrt(2 / 512), 3);
    expect(weights.get("features.12.squeeze.bias")!.data.every((v) => v === 0)).toBe(true);
  });

  it("starts batch norm at the identity and dense layers as torch does", () => {
    expect(new Set(dataOf("bn1.weight"))).toEqual(new Set([1]));
    expect(new Set(dataOf("bn1.bias"))).toEqual(new Set([0]));
    expect(new Set(dataOf("bn1.running_mean"))).toEqual(new Set([0]));
    expect(new Set(dataOf("bn1.running_var"))).toEqual(new Set([1]));
    for (const path of ["fc.weight", "fc.bias"]) {
      const largest = Array.from(dataOf(path), Math.abs).reduce((a, b) => Math.max(a, b));
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(512));
      expect(largest).toBeGreaterThan(0.9 / Math.sqrt(512));
    }
  });

  it("is the same for a seed and another for another", () => {
    const [a, b] = [startBackbone(findModel("resnet-18"), 1), startBackbone(findModel("resnet-18"), 2)];
    expect(a.form).toBe("separate");
    expect(a.weights.get("conv1.weight")!.data).toEqual(dataOf("conv1.weight"));
    expect(a.weights.get("conv1.weight")!.data).not.toEqual(b.weights.get("conv1.weight")!.data);
    const graph = buildFeatureGraph(findModel("resnet-18"), { batch: 1, form: "separate" });
    expect(a.weights.size).toBe(graph.params.size + graph.states.size);
  });

  it("refuses a param whose layer it does not know", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", f32(2));
    builder.output("y", builder.apply(add, [x, builder.param("shift", f32(2))], {}, "shift")[0]!);
    expect(() => initialWeights(builder.finish(), 1)).toThrow('no starting values are known for "shift" read by add');
  });
});
