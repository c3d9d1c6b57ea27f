/** What a training step leaves alone, and what it adds up: masks, rates, averages, sums of gradients, gradients that are not finite. */
import { f32, type Gpu, type HostTensor } from "@tlx/kernels";
import {
  GRADIENT_NORM,
  type Graph,
  HYPER,
  layBlock,
  type OptimizerKind,
  optimizerHyper,
  Params,
  Program,
  type StepNumbers,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import { interpretStep } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { fill, relativeError } from "./support/small-net.js";
import {
  BATCH,
  differentiated,
  type Inputs,
  inputs,
  paths,
  type Run,
  runAll,
  start,
  trainOnGpu,
} from "./support/two-layers.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const numbers: StepNumbers = { learningRate: 0.1, weightDecay: 0.05, momentum: 0.8, nesterov: true, eps: 1e-6 };
const hypersOf = (kind: OptimizerKind, steps: number, own: Partial<StepNumbers> = {}): Float32Array[] =>
  Array.from({ length: steps }, (_, i) => optimizerHyper(kind, i + 1, { ...numbers, ...own }));
const words = (data: HostTensor["data"]): Uint32Array => new Uint32Array(Float32Array.from(data).buffer);
const kinds = ["adamw", "sgd"] as const;
const moments = { adamw: ["m", "v"], sgd: ["velocity"] } as const;

describe.each(kinds)("%s with a mask", (kind) => {
  const masked = new Set(["hidden.weight", "head.bias"]);
  const graph = withOptimizer(differentiated(), { kind, masked, average: true }).step;
  const path = [...graph.blocks].find(([, { params }]) => params.includes("hidden.weight"))![0];
  // Every third element is frozen, every third trained in full.
  const share = (i: number): number => [0, 1, 0.25][i % 3]!;
  const mask = layBlock(graph, path, (p) => start.get(p)!.data.map((_, i) => share(i)));
  const size = mask.data.length;
  const kept = moments[kind].map((name) => {
    const random = fill(name, f32(size));
    return [`${path}/${name}`, { ...random, data: random.data.map(Math.abs) as Float32Array }] as const;
  });
  const weights: Weights = new Map([...start, [`${path}/mask`, mask], ...kept]);

  it("keeps what is masked out bit for bit, with its moments and its average, and moves the rest", async () => {
    const after = await trainOnGpu(gpu, graph, hypersOf(kind, 3, { averageDecay: 0.5 }), weights);
    for (const p of masked) {
      const [before, now] = [words(start.get(p)!.data), words(after.get(p)!.data)];
      before.forEach((bits, i) => {
        if (share(i) === 0) expect(now[i], `${p}[${i}]`).toBe(bits);
        else expect(now[i], `${p}[${i}]`).not.toBe(bits);
      });
    }
    const average = layBlock(graph, path, (p) => start.get(p)!.data).data;
    const states = [...kept, [`${path}/average`, { data: average }] as const];
    for (const [name, { data }] of states) {
      const [before, now] = [words(data), words(after.get(name)!.data)];
      const frozen = Array.from(before.keys()).filter((i) => mask.data[i] === 0);
      expect(frozen.length).toBeGreaterThan(size / 3);
      for (const i of frozen) expect(now[i], `${name}[${i}]`).toBe(before[i]);
      expect(now).not.toEqual(before);
    }
  });

  it("is that of the interpreter, where it is partial too, and its norm is of the masked gradient", async () => {
    const hypers = hypersOf(kind, 3, { clipNorm: 0.05 });
    const found = await trainOnGpu(gpu, graph, hypers, weights);
    let expected = weights;
    for (const hyper of hypers) expected = interpretStep(graph, expected, new Map([...inputs, [HYPER, hyper]])).weights;
    for (const [p, { data }] of expected) expect(relativeError(found.get(p)!.data, data), p).toBeLessThan(1e-5);
    const { values } = interpretStep(graph, weights, new Map([...inputs, [HYPER, hypers[0]!]]));
    const { graph: plain, grads } = differentiated();
    const apart = interpretStep(plain, start, inputs).values;
    let norm = 0;
    for (const [p, grad] of grads) {
      apart.get(grad)!.forEach((g, i) => {
        norm += (masked.has(p) ? share(i) : 1) ** 2 * g * g;
      });
    }
    expect(values.get(graph.outputs.get(GRADIENT_NORM)!)![0]).toBeCloseTo(norm, 12);
  });

  it("cannot go without its values", () => {
    expect(() => new Params(gpu, start, "params", graph)).toThrow(`params: there is no weight "${path}/mask"`);
    expect(() => interpretStep(graph, start, new Map([...inputs, [HYPER, hypersOf(kind, 1)[0]!]]))).toThrow(
      `weight "${path}/mask" is missing`,
    );
  });
});

describe("a mask of ones", () => {
  it.each(kinds)("changes no bit of %s", async (kind) => {
    const plain = withOptimizer(differentiated(), { kind }).step;
    const graph = withOptimizer(differentiated(), { kind, masked: new Set(paths) }).step;
    const ones = layBlock(graph, "optimizer.0", (p) => start.get(p)!.data.map(() => 1));
    const found = await trainOnGpu(gpu, graph, hypersOf(kind, 3), new Map([...start, ["optimizer.0/mask", ones]]));
    const expected = await trainOnGpu(gpu, plain, hypersOf(kind, 3));
    for (const [path, tensor] of expected) expect(found.get(path), path).toEqual(tensor);
  });
});

describe("rates", () => {
  const rateOf = (path: string): number => (path.startsWith("head") ? 1 : 0.25);
  const graph = withOptimizer(differentiated(), { kind: "sgd", rateOf, masked: new Set(["head.bias"]) }).step;

  it("make a block each, masked or not, in the order of the paths", () => {
    expect([...graph.blocks].map(([path, { params }]) => [path, params])).toEqual([
      ["optimizer.0", ["hidden.weight", "hidden.bias"]],
      ["optimizer.1", ["head.weight"]],
      ["optimizer.2", ["head.bias"]],
    ]);
  });

  it("multiply the step", async () => {
    const slow = withOptimizer(differentiated(), { kind: "sgd", rateOf }).step;
    const own = { momentum: 0, weightDecay: 0, nesterov: false };
    const [all, some] = await Promise.all(
      [withOptimizer(differentiated(), { kind: "sgd" }).step, slow].map((g) =>
        trainOnGpu(gpu, g, hypersOf("sgd", 1, own)),
      ),
    );
    for (const path of paths) {
      const before = start.get(path)!.data;
      const moved = before.map((v, i) => all!.get(path)!.data[i]! - v);
      const expected = before.map((v, i) => v + rateOf(path) * moved[i]!);
      expect(relativeError(some!.get(path)!.data, expected), path).toBeLessThan(1e-6);
    }
  });

  it("of zero move nothing", async () => {
    const still = withOptimizer(differentiated(), { kind: "adamw", rateOf: (p) => (p === "head.bias" ? 0 : 1) }).step;
    const after = await trainOnGpu(gpu, still, hypersOf("adamw", 2));
    expect(after.get("head.bias")).toEqual(start.get("head.bias"));
    expect(after.get("head.weight")).not.toEqual(start.get("head.weight"));
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("cannot be %f", (rate) => {
    expect(() => withOptimizer(differentiated(), { kind: "sgd", rateOf: () => rate })).toThrow(
      `expects a finite rateScale of at least 0, found ${rate}`,
    );
  });
});

describe.each(kinds)("averages beside %s", (kind) => {
  const graph = withOptimizer(differentiated(), { kind, average: true, maxBlockBytes: 1024 }).step;

  it("follow the params by their decay, from where these start", async () => {
    const hypers = hypersOf(kind, 4, { averageDecay: 0.75 });
    const all = await trainOnGpu(gpu, graph, hypers);
    const expected = new Map(
      [...graph.blocks.keys()].map((p) => [p, layBlock(graph, p, (q) => start.get(q)!.data).data]),
    );
    for (let steps = 1; steps <= 4; steps++) {
      const after = await trainOnGpu(gpu, graph, hypers.slice(0, steps));
      for (const [path, average] of expected) {
        const now = layBlock(graph, path, (q) => after.get(q)!.data).data;
        expected.set(
          path,
          average.map((a, i) => 0.75 * a + 0.25 * now[i]!),
        );
      }
    }
    for (const [path, average] of expected) {
      expect(relativeError(all.get(`${path}/average`)!.data, average), path).toBeLessThan(1e-6);
    }
  });

  it("go on from a checkpoint, and change nothing else", async () => {
    const hypers = hypersOf(kind, 4, { averageDecay: 0.75 });
    const through = await trainOnGpu(gpu, graph, hypers);
    const half = await trainOnGpu(gpu, graph, hypers.slice(0, 2));
    expect(await trainOnGpu(gpu, graph, hypers.slice(2), half)).toEqual(through);
    const without = withOptimizer(differentiated(), { kind, maxBlockBytes: 1024 }).step;
    for (const [path, tensor] of await trainOnGpu(gpu, without, hypers)) expect(through.get(path)).toEqual(tensor);
  });
});

describe.each(kinds)("gradients of %s that are not finite", (kind) => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e30])("from a sample of weight %f move nothing", async (weight) => {
    const graph = withOptimizer(differentiated(), { kind, average: true }).step;
    const params = new Params(gpu, start, "params", graph);
    const program = await Program.compile(gpu, graph, params);
    const hypers = hypersOf(kind, 3, { clipNorm: 1, averageDecay: 0.5 });
    const step = async (fed: Inputs): Promise<number> => {
      for (const [name, data] of fed) program.write(name, data);
      program.run();
      return (await program.read(GRADIENT_NORM)).data[0]!;
    };
    try {
      expect(await step(new Map([...inputs, [HYPER, hypers[0]!]]))).toBeGreaterThan(0);
      const before = await params.read();
      const bad = new Map([...inputs, ["weights", Float32Array.of(weight, 0.2, 0, 0.1, 0.4)], [HYPER, hypers[1]!]]);
      expect(await step(bad as Inputs)).not.toSatisfy(Number.isFinite);
      expect(await params.read()).toEqual(before);
      await step(new Map([...inputs, [HYPER, hypers[2]!]]));
      expect(await params.read()).not.toEqual(before);
    } finally {
      program.dispose();
      params.dispose();
    }
  });
});

describe("the scale of the loss", () => {
  it.each(kinds)("is taken out of gradients and of their norm by %s", async (kind) => {
    const graph = withOptimizer(differentiated(), { kind }).step;
    const scaled = (factor: number): Run[] =>
      hypersOf(kind, 3, { clipNorm: 0.2, gradientScale: 1 / factor }).map((hyper) => ({
        graph,
        inputs: new Map([...inputs, ["weights", inputs.get("weights")!.map((w) => factor * w)], [HYPER, hyper]]),
      }));
    const plain = await runAll(gpu, graph, scaled(1));
    const found = await runAll(gpu, graph, scaled(1024));
    for (const [path, { data }] of plain) expect(relativeError(found.get(path)!.data, data), path).toBeLessThan(1e-6);
    expect(plain.get("head.weight")).not.toEqual(start.get("head.weight"));
  });
});

describe.each(kinds)("gradients that accumulate for %s", (kind) => {
  const PARTS = 3;
  const masked = new Set(["head.weight"]);
  const options = { kind, average: true, masked };
  const { step, update } = withOptimizer(differentiated(), { ...options, accumulate: true }) as Required<
    ReturnType<typeof withOptimizer>
  >;
  const whole = withOptimizer(differentiated(paths, PARTS * BATCH), options).step;
  const mask = layBlock(whole, "optimizer.1", (p) => start.get(p)!.data.map((_, i) => i % 2));
  const weights: Weights = new Map([...start, ["optimizer.1/mask", mask]]);

  const batch = new Map<string, HostTensor["data"]>([
    ["x", fill("large", f32(PARTS * BATCH, 9)).data],
    ["labels", Uint32Array.from({ length: PARTS * BATCH }, (_, i) => i % 3)],
    ["weights", new Float32Array(PARTS * BATCH).fill(1 / (PARTS * BATCH))],
  ]);
  const partOf = (part: number): Map<string, HostTensor["data"]> =>
    new Map(
      [...batch].map(([name, data]) => {
        const length = data.length / PARTS;
        return [name, data.slice(part * length, (part + 1) * length)];
      }),
    );
  const own = { clipNorm: 0.1, averageDecay: 0.5 };
  const wholeRuns = hypersOf(kind, 2, own).map(
    (hyper): Run => ({
      graph: whole,
      inputs: new Map([...batch, [HYPER, hyper]]),
    }),
  );
  const partRuns = [1, 2].flatMap((t): Run[] => [
    ...Array.from({ length: PARTS }, (_, part) => ({
      graph: step,
      inputs: partOf(part).set(HYPER, optimizerHyper(kind, t, { ...numbers, ...own, first: part === 0 })),
    })),
    { graph: update, inputs: new Map([[HYPER, optimizerHyper(kind, t, { ...numbers, ...own })]]) },
  ]);

  it("make the step of one large batch, on one set of params", async () => {
    const expected = await runAll(gpu, whole, wholeRuns, weights);
    const found = await runAll(gpu, update, partRuns, weights);
    for (const [path, { data }] of expected) {
      expect(relativeError(found.get(path)!.data, data), path).toBeLessThan(1e-5);
    }
    expect(expected.get("hidden.bias")).not.toEqual(start.get("hidden.bias"));
    expect(await runAll(gpu, update, partRuns, weights)).toEqual(found);
  });

  it("are those of the interpreter, which keeps the sum", () => {
    const after = (runs: readonly Run[]): Weights =>
      runs.reduce<Weights>((held, run) => interpretStep(run.graph, held, run.inputs).weights, weights);
    const [found, expected] = [after(partRuns), after(wholeRuns)];
    for (const [path, { data }] of expected) {
      expect(relativeError(found.get(path)!.data, data), path).toBeLessThan(1e-12);
    }
    expect(found.has("optimizer.0/sum")).toBe(true);
  });

  it("are added without an update, and updated without a forward pass", () => {
    const names = (graph: Graph): string[] => graph.nodes.map((n) => n.op.name);
    expect(names(step).slice(-4)).toEqual(["flatten", "flatten", "accumulate", "accumulate"]);
    expect(names(update)).toEqual([...["squaredNorm", "multiply", "squaredNorm", "add"], ...[kind, kind]]);
    expect([...update.inputs.keys()]).toEqual([HYPER]);
    expect([...update.outputs.keys()]).toEqual([GRADIENT_NORM]);
    expect([...step.outputs.keys()]).toEqual(["loss"]);
  });
});
