import { f32, type Gpu, type HostTensor } from "@tlx/kernels";
import {
  type Graph,
  GraphBuilder,
  HYPER,
  type OptimizerOptions,
  optimizerHyper,
  Params,
  Program,
  type StepNumbers,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import { interpret, interpretStep } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { fill, relativeError } from "./support/small-net.js";
import { differentiated, inputs, paths, start, trainOnGpu } from "./support/two-layers.js";

const graphWith = (options: OptimizerOptions): Graph => withOptimizer(differentiated(), options).step;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** The textbook, tensor by tensor, with gradients of the interpreter. */
function trainByHand(
  numbers: Numbers,
  steps: number,
  update: (p: number, g: number, kept: number[], step: number) => number,
): Map<string, HostTensor> {
  const { graph, grads } = differentiated();
  const kept = new Map(paths.map((p) => [p, Array.from(start.get(p)!.data, () => [0, 0])]));
  let weights = new Map(start);
  for (let step = 1; step <= steps; step++) {
    const values = interpret(graph, weights, inputs);
    const all = [...grads].flatMap(([, v]) => [...values.get(v)!]);
    const norm = Math.hypot(...all);
    const scale = numbers.clipNorm > 0 ? Math.min(1, numbers.clipNorm / (norm + 1e-6)) : 1;
    weights = new Map(
      [...weights].map(([path, tensor]) => {
        const grad = values.get(grads.get(path)!)!;
        const data = Float64Array.from(tensor.data as ArrayLike<number>, (p, i) =>
          update(p, scale * grad[i]!, kept.get(path)![i]!, step),
        );
        return [path, { ...tensor, data }];
      }),
    );
  }
  return weights;
}

type Numbers = Required<Omit<StepNumbers, "gradientScale" | "averageDecay" | "first">>;

const numbers: Numbers = {
  ...{ learningRate: 0.1, weightDecay: 0.05, momentum: 0.8, nesterov: false },
  ...{ beta1: 0.75, beta2: 0.9375, eps: 1e-6, clipNorm: 0 },
};

const sgdByHand =
  ({ learningRate, weightDecay, momentum, nesterov }: Numbers) =>
  (p: number, g: number, kept: number[], step: number): number => {
    const d = g + weightDecay * p;
    kept[0] = step === 1 ? d : momentum * kept[0]! + d;
    return p - learningRate * (nesterov ? d + momentum * kept[0] : kept[0]);
  };
const adamByHand =
  ({ learningRate, weightDecay, beta1, beta2, eps }: Numbers) =>
  (p: number, g: number, kept: number[], step: number): number => {
    kept[0] = beta1 * kept[0]! + (1 - beta1) * g;
    kept[1] = beta2 * kept[1]! + (1 - beta2) * g * g;
    const spread = Math.sqrt(kept[1] / (1 - beta2 ** step)) + eps;
    return p * (1 - learningRate * weightDecay) - (learningRate * kept[0]) / (1 - beta1 ** step) / spread;
  };

describe.each([
  { name: "plain SGD", kind: "sgd", own: { momentum: 0 } },
  { name: "SGD with momentum", kind: "sgd", own: {} },
  { name: "SGD with Nesterov momentum", kind: "sgd", own: { nesterov: true } },
  { name: "SGD, clipped", kind: "sgd", own: { nesterov: true, clipNorm: 0.1 } },
  { name: "SGD, below the clip", kind: "sgd", own: { clipNorm: 1000 } },
  { name: "AdamW", kind: "adamw", own: {} },
  { name: "AdamW, clipped", kind: "adamw", own: { clipNorm: 0.1 } },
] as const)("five steps of $name", ({ kind, own }) => {
  const all = { ...numbers, ...own };
  const options = { kind };
  const hypers = Array.from({ length: 5 }, (_, i) => optimizerHyper(kind, i + 1, all));
  const byHand = trainByHand(all, 5, kind === "sgd" ? sgdByHand(all) : adamByHand(all));

  it.each([
    { blocks: 1, maxBlockBytes: undefined },
    { blocks: 2, maxBlockBytes: 1024 },
    { blocks: 4, maxBlockBytes: 1 },
  ])("are those of the textbook, in $blocks blocks", async ({ blocks, maxBlockBytes }) => {
    const graph = graphWith(maxBlockBytes === undefined ? options : { ...options, maxBlockBytes });
    expect(graph.blocks.size).toBe(blocks);
    expect([...graph.blocks.values()].flatMap((b) => b.params).sort()).toEqual([...paths].sort());
    let weights = start;
    for (const hyper of hypers) weights = interpretStep(graph, weights, new Map([...inputs, [HYPER, hyper]])).weights;
    const found = await trainOnGpu(gpu, graph, hypers);
    for (const path of paths) {
      expect(relativeError(weights.get(path)!.data, byHand.get(path)!.data), path).toBeLessThan(1e-6);
      expect(relativeError(found.get(path)!.data, byHand.get(path)!.data), path).toBeLessThan(1e-5);
      expect(found.get(path)!.data).not.toEqual(start.get(path)!.data);
    }
  });
});

describe("params in a block", () => {
  const graph = graphWith({ kind: "adamw" });
  const using = async <T>(use: (params: Params) => T | Promise<T>, weights: Weights = start): Promise<T> => {
    const params = new Params(gpu, weights, "params", graph);
    try {
      return await use(params);
    } finally {
      params.dispose();
    }
  };

  it("lie in one buffer, each where a binding may begin", () =>
    using((params) => {
      const found = graph.blocks.get("optimizer.0")!.params.map((p) => params.binding(p));
      const whole = params.binding("optimizer.0");
      expect(new Set(found.map((b) => b.buffer))).toEqual(new Set([whole.buffer]));
      expect(found.every((b) => b.offset % 256 === 0)).toBe(true);
      found.forEach((b, i) => {
        expect(b.offset + b.size).toBeLessThanOrEqual(found[i + 1]?.offset ?? whole.size);
      });
    }));

  it("are read by their names, all in one copy, with moments at zero", () =>
    using(async (params) => {
      const encoder = Object.getPrototypeOf(gpu.device.createCommandEncoder()) as GPUCommandEncoder;
      const copy = encoder.copyBufferToBuffer;
      let copies = 0;
      encoder.copyBufferToBuffer = function (this: GPUCommandEncoder, ...args: unknown[]) {
        copies++;
        return (copy as (...a: unknown[]) => undefined).apply(this, args);
      } as typeof copy;
      const read = await params.read(paths).finally(() => {
        encoder.copyBufferToBuffer = copy;
      });
      expect(copies).toBe(1);
      expect(read).toEqual(start);
      const all = await params.read();
      expect([...all.keys()].sort()).toEqual([...paths, "optimizer.0/m", "optimizer.0/v"].sort());
      expect(all.get("optimizer.0/m")!.data.every((v) => v === 0)).toBe(true);
    }));

  it("are written alone", () =>
    using(async (params) => {
      const tensor = fill("other", f32(13, 3));
      params.write("head.weight", tensor);
      expect(await params.read(paths)).toEqual(new Map([...start, ["head.weight", tensor]]));
    }));

  it("go on where a checkpoint left them", async () => {
    const hypers = Array.from({ length: 4 }, (_, i) => optimizerHyper("adamw", i + 1, numbers));
    const through = await trainOnGpu(gpu, graph, hypers);
    const half = await trainOnGpu(gpu, graph, hypers.slice(0, 2));
    expect(await trainOnGpu(gpu, graph, hypers.slice(2), half)).toEqual(through);
  });

  it("are missed by name", async () => {
    const without = new Map([...start].filter(([path]) => path !== "head.bias"));
    await expect(using(() => {}, without)).rejects.toThrow('params: there is no weight "head.bias"');
  });

  it("cannot be given as a block", async () => {
    const weights = new Map([...start, ["optimizer.0", fill("o", f32(384))]]);
    await expect(using(() => {}, weights)).rejects.toThrow('"optimizer.0" is laid over params; give those instead');
  });

  it("must be those of the training graph", async () => {
    const apart = new Params(gpu, start);
    await expect(Program.compile(gpu, graph, apart)).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message:
        'params: expected "optimizer.0" to hold the params that are trained, found them apart; make the params for the training graph',
    });
    apart.dispose();
  });
});

describe("a block used wrongly", () => {
  it("names a param that does not exist, or that another block holds", () => {
    const b = new GraphBuilder();
    b.param("w", f32(3));
    expect(() => b.block("first", ["v"], {})).toThrow('block "first" names "v", which is no param');
    b.block("first", ["w"], { m: "zero" });
    expect(() => b.block("second", ["w"], { m: "zero" })).toThrow('param "w" is in block "first" already');
  });

  it("counts steps from 1", () => {
    expect(() => optimizerHyper("sgd", 0, numbers)).toThrow("sgd: expected a step counted from 1, found 0");
  });
});
