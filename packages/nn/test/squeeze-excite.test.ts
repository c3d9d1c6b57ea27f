/** Blocks with squeeze and excitation and with curves: what epilogues take of them, with the same numbers before and after. */
import {
  f32,
  type Gpu,
  hardSigmoid,
  hardSwish,
  type NoParams,
  type Op,
  relu,
  sigmoid,
  silu,
  softmaxCrossEntropy,
  type Value,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  batchNorm,
  conv2d,
  differentiate,
  fuseTraining,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  linear,
  type Network,
  optimizeForInference,
  Scope,
  squeezeExcite,
  toTraining,
} from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { outputsOn } from "./support/on-gpu.js";
import { inputsOf, network, outputsOf, relativeError } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

interface Kind {
  readonly curve: Op<NoParams>;
  readonly squeeze: Op<NoParams>;
  readonly gate: Op<NoParams>;
}

/** Expansion, depthwise convolution, squeeze and excitation, projection; then a dense layer with the curve. */
function gatedBlock({ curve, squeeze, gate }: Kind): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const unit = (path: string, x: Value, options: Parameters<typeof conv2d>[2], bends = true): Value => {
    const at = s.at(path);
    const y = batchNorm(at.at("bn"), conv2d(at.at("conv"), x, options));
    return bends ? at.apply(curve, [y], {}) : y;
  };
  let x = unit("expand", b.input("image", f32(2, 12, 11, 3)), { out: 10, kernel: 1 });
  x = unit("deep", x, { out: 10, kernel: 3, pad: 1, groups: 10 });
  x = squeezeExcite(s.at("se"), x, { squeezed: 4, activation: squeeze, gate });
  x = unit("project", x, { out: 6, kernel: 1 }, false);
  const hidden = linear(s.at("hidden"), globalAveragePool(s.at("pool"), x), 7);
  b.output("logits", linear(s.at("head"), s.at("bend").apply(curve, [hidden], {}), 4));
  return b.finish();
}

/** Loss and gradients as outputs. */
function stepOf({ graph, weights }: Network): Network {
  const b = GraphBuilder.from(graph);
  const targets = [b.input("labels", { dtype: "u32", shape: [2] }), b.input("weights", f32(2))];
  const [loss] = b.apply(softmaxCrossEntropy, [graph.outputs.get("logits")!, ...targets], { smoothing: 0 }, "loss");
  const read = new Set(graph.nodes.flatMap((n) => n.inputs));
  const trained = [...graph.params]
    .filter(([path, v]) => read.has(v) && /weight|bias/.test(path))
    .map(([path]) => path);
  const { graph: step, grads } = differentiate(b.finish(), loss!, new Set(trained), gradientRules);
  return { graph: { ...step, outputs: new Map([["loss", loss!], ...grads]) }, weights };
}

const opsOf = ({ graph }: Network): string[] =>
  graph.nodes.map(({ op, params }) => {
    const { activation = "none" } = params as { activation?: string | { name: string } };
    const name = typeof activation === "object" ? activation.name : activation;
    return name === "none" ? op.name : `${op.name} ${name}`;
  });

describe.each([
  { name: "EfficientNet", kind: { curve: silu, squeeze: silu, gate: sigmoid } },
  { name: "MobileNetV3", kind: { curve: hardSwish, squeeze: relu, gate: hardSigmoid } },
])("a block of $name", ({ kind }) => {
  const { curve, squeeze, gate } = kind;
  const plain = network(gatedBlock(kind));

  it("ends its products in the curves, and stores what it expands", async () => {
    const optimized = optimizeForInference(plain);
    expect(opsOf(optimized)).toEqual([
      `conv2d ${curve.name}`,
      `depthwiseConv2d ${curve.name}`,
      "globalAveragePool",
      `conv2d ${squeeze.name}`,
      `conv2d ${gate.name}`,
      "gateChannels",
      "conv2d",
      "globalAveragePool",
      `matmul ${curve.name}`,
      "matmul",
    ]);
    const expected = outputsOf(plain.graph, plain.weights, inputsOf(plain.graph)).get("logits")!;
    const found = outputsOf(optimized.graph, optimized.weights, inputsOf(plain.graph)).get("logits")!;
    expect(relativeError(found, expected)).toBeLessThan(1e-12);
    for (const form of [plain, optimized]) {
      expect(relativeError((await outputsOn(gpu, form)).get("logits")!, expected)).toBeLessThan(1e-5);
    }
  });

  it.each([
    ["frozen batch norms", false],
    ["batch norms that learn", true],
  ])("has the same gradients when it is fused, with %s", async (_, learns) => {
    const norms = plain.graph.nodes.filter((n) => n.op.name === "batchNorm").map((n) => n.path);
    const step = stepOf(toTraining(plain, new Set(learns ? norms : [])));
    const fused = fuseTraining(step);
    const fed = new Map(inputsOf(step.graph));
    fed.set("labels", Uint32Array.of(0, 3));
    fed.set("weights", Float32Array.of(0.4, 0.6));
    const expected = outputsOf(step.graph, step.weights, fed);
    const found = outputsOf(fused.graph, fused.weights, fed);
    const onGpu = await outputsOn(gpu, fused, fed);
    expect(fused.graph.nodes.length).toBeLessThan(step.graph.nodes.length);
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected) {
      expect(relativeError(found.get(name)!, values), name).toBeLessThan(1e-10);
      expect(relativeError(onGpu.get(name)!, values), name).toBeLessThan(1e-3);
    }
  });
});
