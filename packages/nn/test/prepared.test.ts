import { accumulate, add, conv2d, f32, type Gpu, type HostTensor, HYPER_SPEC, relu, type Value } from "@tlx/kernels";
import { type Graph, GraphBuilder, lowerGraph, Params, Program, type Weights } from "@tlx/nn";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { guestsOf } from "./support/on-gpu.js";
import { fill, inputsOf, outputsOf, relativeError } from "./support/small-net.js";

// A variant that transforms a constant weight once and fits every device.
const variants = { conv2d: "winograd" };
const params = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" } as const;
const shape = f32(3, 3, 16, 18);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const limited = guestsOf(() => gpu);

const made: { dispose(): void }[] = [];
const own = <T extends { dispose(): void }>(thing: T): T => {
  made.push(thing);
  return thing;
};
afterEach(() => {
  for (const thing of made.splice(0)) thing.dispose();
});

/** Two convolutions of x, whose weights are the params "left" and "right". */
function twoConvolutions(batch = 2): Graph {
  const b = new GraphBuilder();
  const x = b.input("x", f32(batch, 5, 7, 16));
  const of = (path: string): Value => b.apply(conv2d, [x, b.param(path, shape)], params, path)[0]!;
  b.output("y", b.apply(add, [of("left"), of("right")], {}, "sum")[0]!);
  return b.finish();
}

/** Adds the input "grad" to the param "left". */
function updateLeft(): Graph {
  const b = new GraphBuilder();
  const inputs = [b.param("left", shape), b.input("grad", shape), b.input("hyper", HYPER_SPEC)];
  b.output("updated", b.apply(accumulate, inputs, {}, "update")[0]!);
  return b.finish();
}

const weightsOf = (left: string, right: string): Weights =>
  new Map([
    ["left", fill(left, shape)],
    ["right", fill(right, shape)],
  ]);

const plus = (a: HostTensor, b: HostTensor): HostTensor => ({
  spec: a.spec,
  data: Float32Array.from(a.data, (v, i) => v + b.data[i]!),
});

const compile = async (graph: Graph, weights: Weights | Params): Promise<Program> =>
  own(await Program.compile(gpu, graph, weights, { variants, label: "net" }));

async function expectResult(program: Program, graph: Graph, weights: Weights): Promise<void> {
  for (const [name, data] of inputsOf(graph)) program.write(name, data);
  program.run();
  const found = (await program.read("y")).data;
  expect(relativeError(found, outputsOf(graph, weights).get("y")!)).toBeLessThan(1e-5);
}

describe("what a variant prepares from constant weights", () => {
  it("is there in the first run, and follows every weight that is written", async () => {
    const graph = twoConvolutions();
    const weights = own(new Params(gpu, weightsOf("a", "b")));
    const program = await compile(graph, weights);
    await expectResult(program, graph, weightsOf("a", "b"));
    await expectResult(program, graph, weightsOf("a", "b"));
    weights.write("right", fill("c", shape));
    await expectResult(program, graph, weightsOf("a", "c"));
    weights.write("left", fill("d", shape));
    weights.write("left", fill("e", shape));
    weights.write("right", fill("f", shape));
    await expectResult(program, graph, weightsOf("e", "f"));
  });

  it("is made for runs that were encoded and never submitted too", async () => {
    const graph = twoConvolutions();
    const weights = own(new Params(gpu, weightsOf("a", "b")));
    const program = await compile(graph, weights);
    weights.write("left", fill("c", shape));
    program.encode();
    await expectResult(program, graph, weightsOf("c", "b"));
  });

  it("follows a program that trains the same params, wherever that stands", async () => {
    const graph = twoConvolutions();
    const weights = own(new Params(gpu, weightsOf("a", "b")));
    const before = await compile(graph, weights);
    const update = await compile(updateLeft(), weights);
    const after = await compile(graph, weights);
    for (const [name, data] of inputsOf(updateLeft())) update.write(name, data);
    let left = fill("a", shape);
    for (const runs of [1, 0, 2]) {
      for (let i = 0; i < runs; i++) {
        update.run();
        left = plus(left, fill("grad", shape));
      }
      const now = new Map([...weightsOf("a", "b"), ["left", left] as const]);
      await expectResult(before, graph, now);
      await expectResult(after, graph, now);
    }
  });

  it("serves every part of a batch that is split", async () => {
    const graph = twoConvolutions(40);
    const guest = limited({ maxStorageBufferBindingSize: 80_000 });
    const program = own(await Program.compile(guest, graph, weightsOf("a", "b"), { variants }));
    expect(program.info.microBatch).toBe(20);
    await expectResult(program, graph, weightsOf("a", "b"));
  });

  it("counts in the bytes of its program, and goes with it", async () => {
    const graph = twoConvolutions();
    const before = gpu.liveBytes;
    const [plain, prepared] = await Promise.all(
      ["plain", "winograd"].map(async (variant) => {
        const program = await Program.compile(gpu, graph, weightsOf("a", "b"), { variants: { conv2d: variant } });
        const { bytes, info } = program;
        program.dispose();
        return bytes - info.plan.plannedBytes;
      }),
    );
    const [{ lowered }] = lowerGraph(graph, gpu.capabilities, { forced: variants }) as [
      ReturnType<typeof lowerGraph>[number],
    ];
    const { spec } = lowered.prepared![0]!;
    expect(prepared! - plain!).toBeGreaterThanOrEqual(2 * 4 * spec.shape.reduce((a, b) => a * b));
    expect(gpu.liveBytes).toBe(before);
  });
});

describe("a weight", () => {
  const constantOf = (graph: Graph): readonly (boolean | undefined)[] =>
    lowerGraph(graph, gpu.capabilities, { forced: variants })
      .filter(({ node }) => node.op === conv2d)
      .map(({ lowered }) => lowered.prepared && lowered.prepared.length > 0);

  it("is constant unless it is computed, fed, or updated in the same graph", async () => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(1, 4, 4, 16));
    const of = (name: string, w: Value): Value => b.apply(conv2d, [x, w], params, name)[0]!;
    const trained = b.param("trained", shape);
    for (const [name, w] of Object.entries({
      frozen: b.param("frozen", shape),
      state: b.state("state", shape),
      fed: b.input("fed", shape),
      computed: b.apply(relu, [b.param("other", shape)], {}, "computed")[0]!,
      trained,
    })) {
      b.output(name, of(name, w));
    }
    b.output("updated", b.apply(accumulate, [trained, b.input("g", shape), b.input("h", HYPER_SPEC)], {}, "u")[0]!);
    expect(constantOf(b.finish())).toEqual([true, true, undefined, undefined, undefined]);
  });
});
