import { add, f32, type Gpu, matmul, matmulTransposeB, relu, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  batchOf,
  conv2d,
  differentiate,
  GraphBuilder,
  globalAveragePool,
  linear,
  type Network,
  optimizeForInference,
  Program,
  Scope,
  splitBatch,
  withOptimizer,
} from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { guestsOf, outputsOn } from "./support/on-gpu.js";
import { fillWeights, network } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});
const limited = guestsOf(() => gpu);

describe("a batch over the binding limit", () => {
  const batch = 7;
  const one = 4 * 9 * 8 * 16; // bytes of one sample of the widest value; the largest weight has 1728

  /** Activations much larger than weights: convolution, depthwise, residual from both sides, dense. */
  function wideNet(): Network {
    const b = new GraphBuilder();
    const s = new Scope(b);
    const image = b.input("image", f32(batch, 9, 8, 3));
    const stem = activate(
      s.at("stem"),
      conv2d(s.at("stem"), image, { out: 16, kernel: 3, pad: 1, bias: true }),
      "relu6",
    );
    const deep = conv2d(s.at("deep"), stem, { out: 16, kernel: 3, pad: 1, groups: 16, bias: true });
    const back = conv2d(s.at("back"), deep, { out: 16, kernel: 1, bias: true });
    const sum = s.at("sum").apply(add, [back, stem], {});
    b.output("logits", linear(s.at("head"), globalAveragePool(s.at("pool"), sum), 4));
    b.output("sum", sum);
    return optimizeForInference(network(b.finish()));
  }

  it.each([
    { samples: 6, passes: 2 },
    { samples: 3, passes: 3 },
    { samples: 2, passes: 4 },
    { samples: 1, passes: 7 },
  ])("is split into passes that fit $samples samples, with the same bits", async ({ samples, passes }) => {
    const wide = wideNet();
    const small = limited({ maxStorageBufferBindingSize: samples * one });
    const program = await Program.compile(small, wide.graph, wide.weights);
    expect(program.info.microBatch).toBe(Math.ceil(batch / passes));
    expect(program.info.dispatches).toBe(passes * wide.graph.nodes.length);
    program.dispose();
    expect(await outputsOn(small, wide)).toEqual(await outputsOn(gpu, wide));
    expect(small.liveBytes).toBe(0);
  });

  it("is split where a weight is computed from a weight", async () => {
    const b = new GraphBuilder();
    const weight = b.apply(relu, [b.param("w", f32(40, 3))], {}, "positive")[0]!;
    b.output("y", b.apply(matmul, [b.input("x", f32(batch, 40)), weight], { activation: "none" }, "dense")[0]!);
    const plain = network(b.finish());
    const small = limited({ maxStorageBufferBindingSize: 500 });
    expect(await outputsOn(small, plain)).toEqual(await outputsOn(gpu, plain));
  });

  it("that does not fit with one sample is refused", async () => {
    const { graph, weights } = wideNet();
    await expect(
      Program.compile(limited({ maxStorageBufferBindingSize: one - 4 }), graph, weights),
    ).rejects.toMatchObject({
      code: "E_LIMIT",
      message: `"stem": f32[1, 9, 8, 16] takes ${one} bytes but a binding may hold ${one - 4} on this device; even one sample does not fit, use smaller pictures`,
    });
  });

  it("names a weight that does not fit", () => {
    const b = new GraphBuilder();
    b.output("y", linear(new Scope(b, "wide"), b.input("x", f32(batch, 4)), 900));
    expect(() => splitBatch(b.finish(), { ...gpu.capabilities, maxStorageBufferBindingSize: 4 * 900 })).toThrow(
      '"wide.weight": f32[4, 900] takes 14400 bytes but a binding may hold 3600 on this device; it needs a device with a higher limit, or a network that calls expectLargeWeights',
    );
  });

  it.each<[string, (b: GraphBuilder, x: Value) => Value]>([
    [
      "a product of all samples with all samples",
      (b, x) => {
        const similarity = b.apply(matmulTransposeB, [x, x], {})[0]!;
        return b.apply(matmul, [similarity, x], { activation: "none" })[0]!;
      },
    ],
    ["a param with a row per sample", (b, x) => b.apply(add, [x, b.param("rows", f32(batch, 6))], {})[0]!],
    ["an output that is a weight", (b) => b.param("w", f32(batch, 6))],
  ])("is not split where that would change the result: %s", (_, make) => {
    const b = new GraphBuilder();
    const x = b.input("x", f32(batch, 6));
    b.output("y", make(b, x));
    b.output("wide", b.apply(matmul, [x, b.param("v", f32(6, 40))], { activation: "none" })[0]!);
    expect(batchOf(b.finish())).toBe(batch);
    expect(() => splitBatch(b.finish(), { ...gpu.capabilities, maxStorageBufferBindingSize: 1000 })).toThrow(
      "f32[7, 40] takes 1120 bytes but a binding may hold 1000 on this device; use a smaller batch",
    );
  });

  it("of a training graph is refused", async () => {
    const b = new GraphBuilder();
    const logits = linear(new Scope(b, "head"), b.input("x", f32(80, 6)), 3);
    const targets = [b.input("labels", u32(80)), b.input("weights", f32(80))] as const;
    const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "loss") as [Value];
    b.output("loss", loss);
    const trainable = new Set(["head.weight", "head.bias"]);
    const { step: graph } = withOptimizer(differentiate(b.finish(), loss, trainable, gradientRules), { kind: "sgd" });
    await expect(
      Program.compile(limited({ maxStorageBufferBindingSize: 1000 }), graph, fillWeights(graph)),
    ).rejects.toMatchObject({
      code: "E_LIMIT",
      message: '"x": f32[80, 6] takes 1920 bytes but a binding may hold 1000 on this device; use a smaller batch',
    });
  });
});
