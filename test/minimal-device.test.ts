import { defaultCapabilities } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { optimizeForInference, Program } from "@tlx/nn";
import { expect, it } from "vitest";
import { fillWeights, inputsOf, outputsOf, relativeError, smallNet } from "../packages/nn/test/support/small-net.js";

it("a device without features and with default limits runs a small convolutional net", async () => {
  const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER, minimal: true });
  try {
    expect([...gpu.device.features].filter((f) => /subgroups|timestamp|f16/.test(f))).toEqual([]);
    const { software, variants: _, ...limits } = gpu.capabilities;
    expect({ ...limits, software: false }).toEqual(defaultCapabilities);
    const graph = smallNet();
    const weights = fillWeights(graph);
    const expected = outputsOf(graph, weights);
    const optimized = optimizeForInference({ graph, weights });
    const usual = software ? "plain" : "workgroup-tile";
    for (const forced of [undefined, "plain", "workgroup-tile"]) {
      const variants = forced === undefined ? undefined : { conv2d: forced, matmul: forced };
      const program = await Program.compile(gpu, optimized.graph, optimized.weights, { variants });
      const products = program.info.variants.filter((v) => v.op === "conv2d" || v.op === "matmul");
      expect([...new Set(products.map((v) => v.variant))]).toEqual([forced ?? usual]);
      for (const [name, data] of inputsOf(graph)) program.write(name, data);
      program.run();
      for (const [name, values] of expected) {
        expect(relativeError((await program.read(name)).data, values), name).toBeLessThan(1e-5);
      }
      program.dispose();
    }
    expect(gpu.liveBytes).toBe(0);
  } finally {
    gpu.dispose();
  }
});
