import { conv2d, f32, type Gpu, matmul, type Value } from "@tlx/kernels";
import { choicesFor, GraphBuilder, type Network, Program, tunePrograms } from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { guestsOf } from "./support/on-gpu.js";
import { inputsOf, network, outputsOf, relativeError } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});
const limited = guestsOf(() => gpu);

const window = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" } as const;

/** A convolution and a product, each of an input with a frozen weight. */
function products(): Network {
  const b = new GraphBuilder();
  const conv = [b.input("image", f32(1, 6, 7, 5)), b.param("kernel", f32(3, 3, 5, 9))];
  const product = [b.input("x", f32(33, 40)), b.param("weight", f32(40, 36))];
  b.output("features", (b.apply(conv2d, conv, window, "conv") as [Value])[0]);
  b.output("y", (b.apply(matmul, product, { activation: "none" }, "product") as [Value])[0]);
  return network(b.finish());
}

/** To multiples of 1/256: those in [-1, 1) are float16 too. */
const coarse = <T extends { readonly data: ArrayLike<number> }>(tensors: Iterable<readonly [string, T]>) =>
  [...tensors].map(([name, t]): [string, T] => [
    name,
    { ...t, data: Float32Array.from(t.data, (v) => Math.floor(256 * v) / 256) },
  ]);

async function run({ graph, weights }: Network, inputs: ReturnType<typeof inputsOf>, precision?: "half") {
  const program = await Program.compile(gpu, graph, weights, { precision });
  try {
    for (const [name, data] of inputs) program.write(name, data);
    program.run();
    const found = new Map<string, Float32Array>();
    for (const name of graph.outputs.keys()) found.set(name, (await program.read(name)).data as Float32Array);
    return { found, variants: program.info.variants.map((v) => v.variant) };
  } finally {
    program.dispose();
  }
}

describe("half precision", () => {
  it("is as exact as float32 on factors that are float16, and rounds others", async ({ skip }) => {
    if (!gpu.capabilities.halfFloats) skip("this adapter has no float16");
    const { graph, weights } = products();
    const inputs = new Map(
      coarse([...inputsOf(graph)].map(([name, data]) => [name, { data }] as const)).map(([n, t]) => [
        n,
        t.data as Float32Array,
      ]),
    );
    const exact: Network = { graph, weights: new Map(coarse(weights)) };
    const { found, variants } = await run(exact, inputs, "half");
    expect(variants).toEqual(["workgroup-tile-half", "workgroup-tile-half"]);
    for (const [name, values] of outputsOf(graph, exact.weights, inputs))
      expect(relativeError(found.get(name)!, values), name).toBeLessThan(1e-6);

    const other = await run({ graph, weights }, inputsOf(graph), "half");
    for (const [name, values] of outputsOf(graph, weights)) {
      const error = relativeError(other.found.get(name)!, values);
      expect(error, name).toBeLessThan(2 ** -10);
      expect(error, name).toBeGreaterThan(2 ** -16);
    }
  });

  it("is left alone unless it is asked for", async () => {
    const { graph, weights } = products();
    const { found, variants } = await run({ graph, weights }, inputsOf(graph));
    expect(variants.filter((v) => v.endsWith("half"))).toEqual([]);
    for (const [name, values] of outputsOf(graph, weights))
      expect(relativeError(found.get(name)!, values), name).toBeLessThan(1e-6);
  });

  it("is refused where the adapter has none", async () => {
    const { graph, weights } = products();
    const without = limited({ halfFloats: false });
    const refusal = { code: "E_ADAPTER", message: expect.stringContaining("shader-f16") };
    await expect(Program.compile(without, graph, weights, { precision: "half" })).rejects.toMatchObject(refusal);
    await expect(tunePrograms(without, [graph], { precision: "half" })).rejects.toMatchObject(refusal);
  });

  it("is tuned apart from float32", async ({ skip }) => {
    if (!gpu.capabilities.halfFloats) skip("this adapter has no float16");
    const b = new GraphBuilder();
    const inputs = [b.input("x", f32(96, 200)), b.param("weight", f32(200, 96))];
    b.output("y", (b.apply(matmul, inputs, { activation: "none" }, "product") as [Value])[0]);
    const graph = b.finish();
    const own = limited({ subgroupSize: undefined, maxComputeWorkgroupStorageSize: 3072 }); // few candidates
    const { choices, report } = await tunePrograms(own, [graph], { precision: "half" });
    expect(report.tuned).toMatchObject([{ default: { variant: "workgroup-tile-half" }, failed: [] }]);
    expect([...choices.keys()]).toEqual([expect.stringMatching(/ half$/)]);
    expect(choicesFor([graph], choices, own.capabilities, "half")).toEqual(choices);
    expect(choicesFor([graph], choices, own.capabilities).size).toBe(0);
  });
});
