/** Gradients of biases beside a depthwise convolution, summed where its gradients are computed. */
import {
  addBias,
  columnSums,
  conv2d,
  depthwiseConv2d,
  depthwiseConv2dGrads,
  f32,
  type Gpu,
  multiply,
  relu6,
  softmaxCrossEntropy,
  u32,
  type Value,
  type WindowGradsParams,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { differentiate, fuseTraining, GraphBuilder, globalAveragePool, type Network, Scope } from "@tlx/nn";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { outputsOn } from "./support/on-gpu.js";
import { inputsOf, network, outputsOf, relativeError } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

type Pad = readonly [number, number, number, number];

/** A step of an inverted residual with biases, each after a convolution: "expand", "deep", "project". */
function stepOf(stride: number, pad: Pad, trained?: readonly string[]): Network {
  const b = new GraphBuilder();
  const apply = (op: Parameters<typeof b.apply>[0], inputs: Value[], params: object, path: string): Value =>
    b.apply(op, inputs, params, path)[0]!;
  const biased = (y: Value, path: string): Value =>
    apply(addBias, [y, b.param(`${path}.bias`, f32(y.spec.shape[3]!))], {}, path);
  const one = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1, activation: "none" };
  let x = b.input("image", f32(3, 9, 8, 3));
  x = biased(apply(conv2d, [x, b.param("expand.weight", f32(1, 1, 3, 8))], one, "expand"), "expand");
  x = apply(relu6, [x], {}, "expand");
  const window = { stride: [stride, stride], pad, dilation: [1, 1], activation: "none" };
  x = biased(apply(depthwiseConv2d, [x, b.param("deep.weight", f32(3, 3, 1, 8))], window, "deep"), "deep");
  x = apply(relu6, [x], {}, "deep");
  x = biased(apply(conv2d, [x, b.param("project.weight", f32(1, 1, 8, 5))], one, "project"), "project");
  const targets = [b.input("labels", u32(3)), b.input("weights", f32(3))];
  const pooled = globalAveragePool(new Scope(b, "pool"), x);
  const loss = apply(softmaxCrossEntropy, [pooled, ...targets], { smoothing: 0 }, "loss");
  const { graph, weights } = network(b.finish());
  const learns = new Set(trained ?? graph.params.keys());
  const { graph: step, grads } = differentiate(graph, loss, learns, gradientRules);
  return { graph: { ...step, outputs: new Map([["loss", loss], ...grads]) }, weights };
}

const summedIn = ({ graph: { nodes } }: Network): unknown =>
  nodes.flatMap(({ op, params }) => (op === depthwiseConv2dGrads ? [(params as WindowGradsParams).sums ?? []] : []));
const sumsIn = ({ graph: { nodes } }: Network): string[] =>
  nodes.filter(({ op }) => op === columnSums).map(({ path }) => path);

const same: Pad = [1, 1, 1, 1];

it.each([
  { name: "stride 1", stride: 1, pad: same },
  { name: "stride 2", stride: 2, pad: same },
  { name: "pads after", stride: 2, pad: [0, 1, 0, 1] as Pad },
])("both are, with $name, and are the same numbers", async ({ stride, pad }) => {
  const plain = stepOf(stride, pad);
  const fused = fuseTraining(plain);
  expect(summedIn(fused)).toEqual([["dx", "dy"]]);
  expect(sumsIn(fused)).toEqual(["project/grad"]);

  const fed = new Map(inputsOf(plain.graph));
  fed.set("labels", Uint32Array.of(0, 3, 1));
  fed.set("weights", Float32Array.of(0.2, 0.5, 0.3));
  const expected = outputsOf(plain.graph, plain.weights, fed);
  const found = outputsOf(fused.graph, fused.weights, fed);
  const onGpu = await outputsOn(gpu, fused, fed);
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) {
    expect(relativeError(found.get(name)!, values), name).toBeLessThan(1e-10);
    expect(relativeError(onGpu.get(name)!, values), name).toBeLessThan(1e-4);
  }
});

it("is only the one that learns", () => {
  const weights = ["expand.weight", "deep.weight"];
  expect(summedIn(fuseTraining(stepOf(1, same, weights)))).toEqual([[]]);
  expect(summedIn(fuseTraining(stepOf(1, same, [...weights, "deep.bias"])))).toEqual([["dy"]]);
  expect(summedIn(fuseTraining(stepOf(1, same, [...weights, "expand.bias"])))).toEqual([["dx"]]);
});

it("leaves the sum of a gradient that strips do not see whole", () => {
  const fused = fuseTraining(stepOf(1, [3, 3, 3, 3]));
  expect(summedIn(fused)).toEqual([["dx"]]);
  expect(sumsIn(fused)).toEqual(["project/grad", "deep/grad"]);
});

it("leaves a sum that somebody reads before", () => {
  const { graph, weights } = stepOf(1, same);
  const at = graph.nodes.findIndex(({ op }) => op === depthwiseConv2dGrads);
  const sum = graph.outputs.get("deep.bias")!;
  const square: Value = { id: 10_000, spec: sum.spec, path: "square" };
  const reader = { op: multiply, inputs: [sum, sum], outputs: [square], params: {}, path: "square" };
  const nodes = [...graph.nodes.slice(0, at), reader, ...graph.nodes.slice(at)];
  const read = { ...graph, nodes, outputs: new Map([...graph.outputs, ["square", square]]) };
  expect(summedIn(fuseTraining({ graph: read, weights }))).toEqual([["dx"]]);
});
