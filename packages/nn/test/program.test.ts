import { adamw, add, conv2d as conv2dOp, f32, type Gpu, HYPER_SPEC, relu, TlxError } from "@tlx/kernels";
import { GraphBuilder, optimizeForInference, Params, Program, profileProgram } from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { guestsOf, outputsOn } from "./support/on-gpu.js";
import { fill, inputsOf, network, outputsOf, relativeError, smallNet } from "./support/small-net.js";

// Sums of at most 54 products in float32 through twelve layers.
const TOLERANCE = 1e-5;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

function expectClose(
  found: ReadonlyMap<string, ArrayLike<number>>,
  expected: ReadonlyMap<string, ArrayLike<number>>,
): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of expected) expect(relativeError(found.get(name)!, values), name).toBeLessThan(TOLERANCE);
}

const limited = guestsOf(() => gpu);

describe("a small convolutional net", () => {
  it("gives what the interpreter gives, plain and optimised", async () => {
    const plain = network(smallNet());
    const expected = outputsOf(plain.graph, plain.weights);
    expectClose(await outputsOn(gpu, plain), expected);
    expectClose(await outputsOn(gpu, optimizeForInference(plain)), expected);
  });

  it("gives the same bits twice, in one program and in another", async () => {
    const optimized = optimizeForInference(network(smallNet()));
    expect(await outputsOn(gpu, optimized)).toEqual(await outputsOn(gpu, optimized));
  });

  it("tells what it will do", async () => {
    const { graph, weights } = optimizeForInference(network(smallNet()));
    const program = await Program.compile(gpu, graph, weights, { label: "small" });
    try {
      const { dispatches, variants, plan, microBatch } = program.info;
      expect(dispatches).toBe(graph.nodes.length);
      expect(variants.map(({ path, op }) => `${path} ${op}`)).toEqual(graph.nodes.map((n) => `${n.path} ${n.op.name}`));
      expect(plan.plannedBytes).toBeLessThan(plan.unplannedBytes);
      expect(microBatch).toBe(2);
      expect(program.bytes).toBeGreaterThan(plan.plannedBytes);
    } finally {
      program.dispose();
    }
  });

  it("runs the variants it is told to, and says which can run when one cannot", async () => {
    const { graph, weights } = optimizeForInference(network(smallNet()));
    const expected = outputsOf(graph, weights);
    const program = await Program.compile(gpu, graph, weights, { variants: { conv2d: "plain", matmul: "plain" } });
    try {
      const chosen = program.info.variants.filter((v) => v.op === "conv2d" || v.op === "matmul").map((v) => v.variant);
      expect(new Set(chosen)).toEqual(new Set(["plain"]));
      for (const [name, data] of inputsOf(graph)) program.write(name, data);
      program.run();
      expect(relativeError((await program.read("logits")).data, expected.get("logits")!)).toBeLessThan(TOLERANCE);
    } finally {
      program.dispose();
    }
    const unknown = Program.compile(gpu, graph, weights, { variants: { conv2d: "fastest" } });
    await expect(unknown).rejects.toThrow(/^conv2d: variant "fastest" was forced, but for .* only .*"plain" can run$/);
  });

  it("has a time for every step", async ({ skip }) => {
    if (!gpu.capabilities.timestamps) skip("this adapter has no timestamp queries");
    const { graph, weights } = optimizeForInference(network(smallNet()));
    const program = await Program.compile(gpu, graph, weights);
    try {
      const times = await profileProgram(gpu, program, 3);
      expect(times).toHaveLength(program.info.dispatches);
      expect(times.every((t) => t.ms >= 0 && Number.isFinite(t.ms))).toBe(true);
      expect(times[0]!.label).toBe(`stem.conv conv2d/${program.info.variants[0]!.variant}`);
    } finally {
      program.dispose();
    }
    const blind = limited({ timestamps: false });
    const untimed = await Program.compile(blind, graph, weights);
    await expect(profileProgram(blind, untimed)).rejects.toMatchObject({ code: "E_ADAPTER" });
    untimed.dispose();
  });
});

describe("outputs that live elsewhere", () => {
  it("are an input, a weight, one value under two names, and a value read on", async () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(2, 6));
    const w = b.param("w", f32(6));
    const bent = b.apply(relu, [x], {}, "bent")[0]!;
    const sum = b.apply(add, [bent, x], {}, "sum")[0]!;
    for (const [name, value] of Object.entries({ x, w, bent, again: bent, sum })) b.output(name, value);
    const plain = network(b.finish());
    const found = await outputsOn(gpu, plain);
    const expected = outputsOf(plain.graph, plain.weights);
    expect([...found.keys()]).toEqual(["x", "w", "bent", "again", "sum"]);
    for (const [name, values] of expected) expect(found.get(name), name).toEqual(Float32Array.from(values));
  });

  it("are updated in place", async () => {
    const b = new GraphBuilder();
    const grad = b.input("grad", f32(3));
    const hyper = b.input("hyper", HYPER_SPEC);
    const norm = b.input("norm", f32(1));
    const states = ["m", "v"].map((name) => b.state(name, f32(3)));
    // The updated value is an intermediate here, so it must keep its slot until the update has been read.
    const start = b.apply(relu, [b.param("p", f32(3))], {}, "start")[0]!;
    const [updated] = b.apply(
      adamw,
      [start, grad, ...states, hyper, norm],
      { rateScale: 1, masked: false, averaged: false },
      "update",
    );
    const other = b.apply(relu, [grad], {}, "other")[0]!;
    b.output("sum", b.apply(add, [updated!, other], {}, "sum")[0]!);
    b.output("updated", updated!);
    const plain = network(b.finish());
    const inputs = new Map([
      ...inputsOf(plain.graph),
      ["norm", Float32Array.of(1)],
      ["hyper", Float32Array.of(0.1, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001, 0, 1, 0, 0, 0)],
    ]);
    const weights = new Map([...plain.weights, ["v", { spec: f32(3), data: Float32Array.of(0.1, 0.2, 0.3) }]]);
    expectClose(await outputsOn(gpu, { ...plain, weights }, inputs), outputsOf(plain.graph, weights, inputs));
  });

  it("stay right when the batch is split", async () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(5, 6));
    const bent = b.apply(relu, [x], {}, "bent")[0]!;
    for (const [name, value] of Object.entries({ x, bent, again: bent })) b.output(name, value);
    const plain = network(b.finish());
    expect(await outputsOn(limited({ maxStorageBufferBindingSize: 48 }), plain)).toEqual(await outputsOn(gpu, plain));
  });
});

describe("a program used wrongly", () => {
  const compile = async (): Promise<Program> => {
    const { graph, weights } = network(smallNet());
    return Program.compile(gpu, graph, weights, { label: "net" });
  };

  it("names what there is", async () => {
    const program = await compile();
    expect(() => program.write("picture", new Float32Array(1))).toThrow(
      'net: there is no input "picture"; there are: image',
    );
    await expect(program.read("probs")).rejects.toThrow('net: there is no output "probs"; there are: middle, logits');
    expect(() => program.outputBinding("probs")).toThrow("there is no output");
    expect(() => program.write("image", new Float32Array(5))).toThrow(
      new TlxError("E_SHAPE", 'net: input "image" is f32[2, 9, 8, 3] and needs 432 elements, found 5'),
    );
    program.dispose();
  });

  it("refuses everything after dispose, and the device stays usable", async () => {
    const program = await compile();
    program.dispose();
    program.dispose();
    const error = { code: "E_USAGE", message: "net: was disposed and cannot be used any more" };
    expect(() => program.run()).toThrow(error.message);
    expect(() => program.write("image", new Float32Array(432))).toThrow(error.message);
    await expect(program.read("logits")).rejects.toMatchObject(error);
    await expect(profileProgram(gpu, program)).rejects.toMatchObject(error);
    await gpu.idle();
  });

  it("refuses to run on params that are disposed", async () => {
    const { graph, weights } = network(smallNet());
    const params = new Params(gpu, weights, "shared");
    const program = await Program.compile(gpu, graph, params);
    params.dispose();
    expect(() => program.run()).toThrow("shared: was disposed and cannot be used any more");
    expect(() => params.write("stem.conv.weight", weights.get("stem.conv.weight")!)).toThrow("was disposed");
    program.dispose();
    await gpu.idle();
  });

  it("rejects a read that dispose overtakes, and the device stays usable", async () => {
    const program = await compile();
    program.run();
    const read = program.read("logits");
    program.dispose();
    await expect(read).rejects.toMatchObject({ code: "E_DEVICE" });
    await gpu.idle();
  });

  it("names weights that are missing or of another shape", async () => {
    const { graph, weights } = network(smallNet());
    const less = new Map([...weights].filter(([path]) => path !== "last.conv.bias"));
    await expect(Program.compile(gpu, graph, less, { label: "net" })).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message: 'net/params: there is no weight "last.conv.bias"',
    });
    const other = new Map([...weights, ["last.conv.bias", fill("b", f32(9))]]);
    await expect(Program.compile(gpu, graph, other, { label: "net" })).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message: 'net/params: the network needs "last.conv.bias" as f32[7], found f32[9]',
    });
  });
});

it("reads overlap: each gets the value of its own run", async () => {
  const b = new GraphBuilder();
  b.output("y", b.apply(relu, [b.input("x", f32(4))], {}, "relu")[0]!);
  const program = await Program.compile(gpu, b.finish(), new Map());
  const reads = [1, 2, 3].map((v) => {
    program.write("x", new Float32Array(4).fill(v));
    program.run();
    return program.read("y");
  });
  const values = await Promise.all(reads);
  expect(values.map((t) => [...t.data])).toEqual([1, 2, 3].map((v) => [v, v, v, v]));
  program.dispose();
});

it("compiles a convolution without its optional inputs for one sample", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(1, 1, 1, 1));
  const params = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1, activation: "none" } as const;
  b.output("y", b.apply(conv2dOp, [x, b.param("w", f32(1, 1, 1, 1))], params, "conv")[0]!);
  const plain = network(b.finish());
  expectClose(await outputsOn(gpu, plain), outputsOf(plain.graph, plain.weights));
});
