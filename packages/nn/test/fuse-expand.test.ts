import { conv2d as conv2dOp, depthwiseConv2d, expandDepthwise, f32, formatSpec, type Value } from "@tlx/kernels";
import {
  activate,
  batchNorm,
  conv2d,
  fuseEpilogue,
  fuseExpand,
  type Graph,
  GraphBuilder,
  lowerGraph,
  type Network,
  optimizeForInference,
  Program,
  planMemory,
  Scope,
  splitBatch,
  splitExpand,
  withBatch,
} from "@tlx/nn";
import { expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { inputsOf, network, outputsOf, relativeError } from "./support/small-net.js";

interface Shape {
  readonly size?: number;
  readonly channels?: number;
  readonly expanded?: number;
  readonly stride?: number;
  readonly kernel?: number;
  readonly groups?: number;
  readonly dilation?: number;
  /** Of the expansion. */
  readonly window?: number;
  readonly step?: number;
}

/** Expansion, depthwise convolution and projection, each with its batch norm, of pictures [2, size, size, channels]. */
function invertedResidual(shape: Shape = {}, also?: (b: GraphBuilder, expanded: Value) => void): Network {
  const {
    size = 12,
    channels = 4,
    expanded = 10,
    stride = 1,
    kernel = 3,
    groups = 1,
    dilation = 1,
    window = 1,
    step = 1,
  } = shape;
  const b = new GraphBuilder();
  const s = new Scope(b, "block");
  const unit = (name: string, x: Value, options: Parameters<typeof conv2d>[2]): Value => {
    const at = s.at(name);
    return at.mark(batchNorm(at.at("bn"), conv2d(at.at("conv"), x, options)));
  };
  let x = b.input("x", f32(2, size, size, channels));
  x = activate(
    s,
    unit("expand", x, { out: expanded, kernel: window, stride: step, pad: window >> 1, groups }),
    "relu6",
  );
  also?.(b, x);
  const pad = dilation * (kernel >> 1);
  x = activate(s, unit("depthwise", x, { out: expanded, kernel, stride, pad, dilation, groups: expanded }), "relu6");
  b.output("y", unit("project", x, { out: 3, kernel: 1 }));
  return network(b.finish());
}

const list = ({ graph }: Network): string[] => graph.nodes.map((n) => `${n.path} ${n.op.name}`);
const fusedNodes = ["block.depthwise.conv expandDepthwise", "block.project.conv conv2d"];

function expectEqual(found: Network, expected: Network): void {
  const inputs = inputsOf(expected.graph);
  const wanted = outputsOf(expected.graph, expected.weights, inputs);
  for (const [name, values] of outputsOf(found.graph, found.weights, inputs)) {
    expect(relativeError(values, wanted.get(name)!), name).toBeLessThan(1e-12);
  }
}

it.each<Shape>([
  {},
  { stride: 2 },
  { size: 21, window: 3, step: 2, channels: 3 },
  { size: 30, stride: 2, channels: 96, expanded: 97 },
])("joins expansion and depthwise convolution of %j", (shape) => {
  const plain = invertedResidual(shape);
  const optimized = optimizeForInference(plain);
  expect(list(optimized)).toEqual(fusedNodes);
  expectEqual(optimized, plain);
});

it.each<[string, Shape]>([
  ["small pictures", { size: 9 }],
  ["many channels", { channels: 65, expanded: 66 }],
  ["long sums", { channels: 8, window: 3 }],
  ["an expansion to fewer channels", { channels: 11 }],
  ["groups", { groups: 2 }],
  ["another window", { kernel: 5 }],
  ["a dilated window", { dilation: 2 }],
  ["another stride", { size: 40, stride: 3 }],
])("leaves %s", (_, shape) => {
  expect(list(optimizeForInference(invertedResidual(shape)))).toEqual([
    "block.expand.conv conv2d",
    "block.depthwise.conv depthwiseConv2d",
    "block.project.conv conv2d",
  ]);
});

it("leaves expanded values that something else reads", () => {
  const plain = invertedResidual({}, (b, expanded) => void b.output("expanded", expanded));
  expect(list(optimizeForInference(plain))).not.toContain(fusedNodes[0]);
});

it("takes the biases there are, and can be split again", () => {
  const build = (biased: readonly boolean[]): Network => {
    const b = new GraphBuilder();
    const s = new Scope(b);
    const x = conv2d(s.at("expand"), b.input("x", f32(1, 10, 10, 3)), { out: 5, kernel: 1, bias: biased[0]! });
    const options = { out: 5, kernel: 3, pad: 1, groups: 5, bias: biased[1]! };
    b.output("y", activate(s, conv2d(s.at("depthwise"), x, options), "relu"));
    return fuseEpilogue(network(b.finish()));
  };
  for (const biased of [[], [true], [false, true], [true, true]]) {
    const plain = build([biased[0] ?? false, biased[1] ?? false]);
    const fused = fuseExpand(plain);
    expect(fused.graph.nodes.map((n) => n.op)).toEqual([expandDepthwise]);
    expectEqual(fused, plain);
    const split = splitExpand(fused);
    expect(split.graph.nodes.map((n) => n.op)).toEqual([conv2dOp, depthwiseConv2d]);
    expectEqual(split, plain);
  }
});

it("leaves a depthwise convolution with a residual, and an expansion with a scale", () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(1, 10, 10, 3));
  const [w, v, scale, bias] = [f32(1, 1, 3, 5), f32(3, 3, 1, 5), f32(5), f32(5)].map((spec, i) =>
    b.param(`${i}`, spec),
  );
  const window = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], activation: "none" } as const;
  const same = { ...window, pad: [1, 1, 1, 1] } as const;
  const residual = b.input("residual", f32(1, 10, 10, 5));
  const [plain] = b.apply(conv2dOp, [x, w!], { ...window, groups: 1 }, "plain");
  b.output("y", b.apply(depthwiseConv2d, [plain!, v!, residual], { ...same, extras: ["residual"] }, "after")[0]!);
  const scaled = { ...window, groups: 1, extras: ["scale", "bias"] } as const;
  const [other] = b.apply(conv2dOp, [x, w!, scale!, bias!], scaled, "scaled");
  b.output("z", b.apply(depthwiseConv2d, [other!, v!], same, "bare")[0]!);
  const before = network(b.finish());
  expect(list(fuseExpand(before))).toEqual(list(before));
});

/** Bytes of the slots that the values of a graph share on a device. */
const planned = (graph: Graph, caps: Parameters<typeof lowerGraph>[1]): number =>
  planMemory(graph, lowerGraph(graph, caps)).plannedBytes;

it("needs less memory where it is fused, and splits a batch by what two steps would store", async () => {
  const gpu = await testGpu();
  const fused = optimizeForInference(invertedResidual({ size: 28, expanded: 24 }));
  const { graph } = fused;
  expect(planned(graph, { ...gpu.capabilities, software: true, subgroupSize: 8 })).toBeLessThan(
    planned(splitExpand(fused).graph, gpu.capabilities),
  );
  const one = 4 * 28 * 28 * 24;
  const caps = { ...gpu.capabilities, maxStorageBufferBindingSize: 3 * one };
  const parts = splitBatch(withBatch(graph, 7), caps);
  expect(formatSpec(parts.inputs.get("x")!.spec)).toBe("f32[3, 28, 28, 4]");
  expect(() => splitBatch(graph, { ...caps, maxStorageBufferBindingSize: one - 4 })).toThrow(
    `"block.depthwise.conv": f32[1, 28, 28, 24] takes ${one} bytes but a binding may hold ${one - 4} on this device; even one sample does not fit, use smaller pictures`,
  );
});

it("runs on the GPU as the two nodes did", async () => {
  const gpu = await testGpu();
  for (const shape of [{}, { stride: 2 }, { size: 26, window: 3, step: 2 }]) {
    const plain = invertedResidual({ size: 13, channels: 6, expanded: 20, ...shape });
    const { graph, weights } = optimizeForInference(plain);
    const expected = outputsOf(plain.graph, plain.weights).get("y")!;
    for (const variant of [undefined, "two-step"]) {
      const variants = variant === undefined ? undefined : { expandDepthwise: variant };
      const program = await Program.compile(gpu, graph, weights, { variants });
      try {
        for (const [name, data] of inputsOf(graph)) program.write(name, data);
        program.run();
        expect(relativeError((await program.read("y")).data, expected)).toBeLessThan(1e-5);
      } finally {
        program.dispose();
      }
    }
  }
});
