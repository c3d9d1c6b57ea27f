/** The benchmark suite: what it computes of times, and that it refuses to lie. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Contestant,
  compareResults,
  contest,
  formatComparison,
  formatMarkdown,
  geometricMean,
  kernelCase,
  kernelShapes,
  makeResultFile,
  median,
  namesOf,
  noiseOf,
  quantile,
  type Result,
  type ResultFile,
  ratioGroups,
  runSuite,
  type SuiteCase,
  type SuitePeer,
  spreadOf,
} from "@tlx/bench";
import { type Kernel, type Lowered, TlxError } from "@tlx/kernels";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it, vi } from "vitest";
import { benchmarkStopwatch } from "../bench/src/node/benchmark-stopwatch.js";
import { parseCommand } from "../bench/src/parse-command.js";
import { withBenchTable } from "../bench/src/readme-table.js";
import { schemaFaults } from "../bench/src/suite/schema-faults.js";
import type { CheckedStep } from "../bench/src/suite/step-setup.js";
import { makeStopwatch } from "../bench/src/suite/stopwatch.js";
import { verifyStep } from "../bench/src/suite/verify-step.js";
import { testGpu } from "./support/gpu.js";
import { tlx } from "./support/tlx.js";

const root = path.resolve(import.meta.dirname, "..");
const schema = JSON.parse(readFileSync(path.join(root, "bench/schema/result.schema.json"), "utf8"));
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);
const faultsOf = (file: unknown): unknown => (validate(file) ? [] : validate.errors);

const place = {
  ...{ commit: "1234567", tlx: "0.1.0", startedAt: 0, tookMs: 1500 },
  ...{ runtime: "node", platform: "linux x64", cpu: "a processor", cores: 2 },
};

const resultOf = (name: string, medianMs: number, more: Partial<Result> = {}): Result => ({
  ...{ name, medianMs, spread: 0.01, runs: 9, checked: true, noise: 0.02, ratios: {}, peers: {} },
  ...more,
});

const fileOf = (results: readonly Result[], more: Partial<ResultFile> = {}): ResultFile => ({
  ...{
    version: 1,
    adapter: "an adapter",
    commit: "1234567",
    tlx: "0.1.0",
    date: "2025-01-01T00:00:00.000Z",
    seconds: 1,
  },
  environment: {
    ...{ vendor: "v", architecture: "a", driver: "d", software: false, timestamps: true },
    ...{ runtime: "node", platform: "linux x64", cpu: "a processor", cores: 2 },
  },
  options: { quick: false, rounds: 9 },
  ...{ results, sizes: [], failed: [], skipped: [], groups: [], peers: [] },
  ...more,
});

describe("statistics", () => {
  it("are of the middle, whatever the ends are", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 1000])).toBe(3.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(spreadOf([10, 20, 30, 40, 50])).toBeCloseTo(20 / 30);
    expect(spreadOf([7])).toBe(0);
    expect(geometricMean([1, 4, 16])).toBeCloseTo(4);
  });
});

const wait = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));

describe("a stopwatch", () => {
  it("repeats what its clock would round, and gives the mean", async () => {
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => Math.floor(now)); // steps of a millisecond
    try {
      const coarse = makeStopwatch(1);
      const run = (): void => {
        now += 0.37;
      };
      const here = await coarse.sample({ name: "here", run: async () => void run() }, [7]);
      expect(here.ms).toEqual([7, expect.closeTo(0.37, 2)]);
      const seen = performance.now;
      const timed = async (): Promise<number> => {
        const start = seen();
        run();
        return seen() - start; // 0 or 1
      };
      const [elsewhere] = (await coarse.sample({ name: "elsewhere", run: timed }, [])).ms;
      expect(elsewhere).toBeCloseTo(0.37, 2);
      const atOnce = coarse.sampleNow({ name: "at once", run }, 1).ms;
      expect(atOnce.length).toBeGreaterThan(5);
      for (const ms of atOnce) expect(ms).toBeCloseTo(0.37, 2);
    } finally {
      clock.mockRestore();
    }
  });

  it("drops a sample that something came between", async () => {
    let [interruptions, calls] = [0, 0];
    const run = async (): Promise<number> => {
      if (calls++ === 0) interruptions++;
      await wait(25);
      return calls;
    };
    const paused = makeStopwatch(0, { count: () => interruptions, over: async () => {} });
    expect((await paused.sample({ name: "one", run }, [])).ms).toEqual([2]);
    let resume = (): void => {};
    const over = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const waiting = makeStopwatch(0, { count: () => 0, over: () => over }).sample({ name: "one", run }, []);
    await wait(10);
    expect(calls).toBe(2);
    resume();
    expect((await waiting).ms).toEqual([3]);
  });

  it("of Benchmark.js goes on from the samples before", async () => {
    const found = await benchmarkStopwatch.sample({ name: "one", run: () => wait(25) }, [25, 25]);
    expect(found.ms.slice(0, 2)).toEqual([25, 25]);
    expect(found.ms.length).toBeGreaterThan(2);
    expect(found.meanMs).toBeGreaterThan(20);
    const thrown = benchmarkStopwatch.sample({ name: "one", run: () => Promise.reject(new Error("no")) }, []);
    await expect(thrown).rejects.toThrow("no");
  });
});

describe("a contest", () => {
  const recording = (calls: string[], name: string, ms: number, times = 1): Contestant => ({
    ...{ name, times },
    run: async () => {
      calls.push(name);
      return ms;
    },
  });

  it("lets all take turns, every other round backwards", async () => {
    const calls: string[] = [];
    const slow = 30; // longer than a turn, so that each turn is one call
    const contestants = ["a", "b", "c"].map(
      (name): Contestant => ({
        name,
        run: async () => {
          calls.push(name);
          await new Promise((resolve) => setTimeout(resolve, slow));
          return undefined;
        },
      }),
    );
    const timings = await contest(contestants, { rounds: 4 });
    expect(calls.slice(0, 6).join("")).toBe("aabbcc");
    const turns = calls.slice(6).filter((name, i, all) => i === 0 || name !== all[i - 1]);
    expect(turns.join("")).toBe("abcbabcba");
    for (const timing of timings) {
      expect(timing!.medianMs).toBeGreaterThan(0.9 * slow);
      expect(timing!.runs).toBeGreaterThanOrEqual(4);
    }
  });

  it("takes the times of another process, per execution", async () => {
    const [a, b] = await contest([recording([], "a", 6, 3), recording([], "b", 40)], { rounds: 3 });
    expect(a!.medianMs).toBeCloseTo(2);
    expect(b!.medianMs).toBeCloseTo(40);
    expect(noiseOf(a!, { ...a!, medianMs: 2.2 })).toBeCloseTo(0.1);
  });

  it("gives who is far behind few turns", async () => {
    const lasting = (name: string, ms: number): Contestant => ({
      name,
      run: () => new Promise((resolve) => setTimeout(() => resolve(ms), 30)),
    });
    const [fast, slow] = await contest([lasting("fast", 1), lasting("slow", 5)], { rounds: 6 });
    expect([fast!.runs, slow!.runs]).toEqual([6, 3]);
    expect(slow!.medianMs).toBeCloseTo(5);
  });

  it("goes on without a guest that fails", async () => {
    const reasons: unknown[] = [];
    const crashing = (calls: number): Contestant => ({
      name: "crashing",
      run: async () => {
        if (calls-- === 0) throw new Error("it crashed");
        return 1;
      },
      onFailure: (error) => reasons.push(error),
    });
    const guests = [crashing(0), crashing(3)];
    const [ours, ...theirs] = await contest([recording([], "ours", 2), ...guests], { rounds: 3 });
    expect(ours!.medianMs).toBeCloseTo(2);
    expect(theirs).toEqual([undefined, undefined]);
    expect(reasons).toEqual([new Error("it crashed"), new Error("it crashed")]);
  });

  it("ends with the error of a contestant, and when it is aborted", async () => {
    let calls = 0;
    const failing: Contestant = {
      name: "failing",
      run: async () => {
        calls++;
        if (calls > 3) throw new Error("no more");
        return 1;
      },
    };
    await expect(contest([failing], { rounds: 5 })).rejects.toThrow("no more");
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(contest([recording([], "a", 1)], { rounds: 3, signal: stopped })).rejects.toThrow("stopped");
  });
});

describe("names", () => {
  it("are distinct, and say op, shape and variant", async () => {
    const gpu = await testGpu();
    const names = namesOf({ gpu });
    expect(new Set(names).size).toBe(names.length);
    for (const wanted of [
      /^conv2d\/8x56x56x64-64-3x3\/plain$/,
      /^conv2dWeightGrad\/8x28x28x192-64-1x1\/plain$/,
      /^depthwiseConv2dInputGrad\/8x112x112x96-3x3-s2\//,
      /^matmul\/1024x1024x1024\/plain$/,
      /^mobilenet-v2\/forward\/b32$/,
      /^mobilenet-v2\/train\/last:3\/b8$/,
      /^resnet-18\/forward\/b8$/,
      /^host\/dispatch$/,
    ]) {
      expect(names.filter((name) => wanted.test(name))).not.toEqual([]);
    }
    expect(namesOf({ gpu, quick: true }).length).toBeLessThan(names.length / 5);
    expect(namesOf({ gpu, filter: /^relu6?\// })).toEqual(["relu/1x112x112x32/plain", "relu6/1x112x112x32/plain"]);
  });

  it("that a filter matches none of are refused", async () => {
    const gpu = await testGpu();
    await expect(runSuite({ gpu, filter: /nothing-of-this-name/ })).rejects.toThrow("--list prints all names");
  });
});

describe("kernels", () => {
  const shapeNamed = (name: string) => kernelShapes().find((shape) => shape.name === name)!;

  /** Of an op whose kernel adds where it should multiply. */
  function brokenCase(): SuiteCase {
    const shape = shapeNamed("multiply/1280x100");
    const { op } = shape.record;
    const add = shapeNamed("add/1x56x56x24").record.op;
    const variants = [
      {
        ...op.variants[0]!,
        name: "wrong",
        lower: (...args: Parameters<(typeof add.variants)[0]["lower"]>): Lowered => add.variants[0]!.lower(...args),
      },
      ...op.variants,
    ];
    return kernelCase({ ...shape, quick: true, record: { ...shape.record, op: { ...op, variants } } });
  }

  it("that are wrong are not timed, the others are", async () => {
    const gpu = await testGpu();
    const found = await runSuite({ gpu, quick: true, cases: [brokenCase()], filter: /^multiply/, rounds: 3 });
    expect(found.failed.map(({ name }) => name)).toEqual(["multiply/1280x100/wrong"]);
    expect(found.failed[0]!.reason).toMatch(/output 0 is .* expected .*; not timed/);
    const kernels = found.results.filter(({ name }) => !name.startsWith("ceiling/"));
    expect(kernels.map(({ name }) => name)).not.toContain("multiply/1280x100/wrong");
    expect(kernels.map(({ name }) => name)).toContain(
      `multiply/1280x100/${shapeNamed("multiply/1280x100").record.op.variants[0]!.name}`,
    );
    expect(gpu.liveBytes).toBe(0);
    const file = makeResultFile({ gpu, quick: true }, found, place);
    expect(faultsOf(JSON.parse(JSON.stringify(file)))).toEqual([]);
    for (const { medianMs, shareOfCeiling, gbs } of kernels) {
      expect(medianMs).toBeGreaterThan(0);
      expect(gbs).toBeGreaterThan(0);
      expect(shareOfCeiling).toBeGreaterThan(0);
    }
    const ceilings = found.results.filter(({ name }) => name.startsWith("ceiling/"));
    expect(ceilings.filter(({ gflops }) => gflops).length).toBe(2);
    expect(ceilings.filter(({ gbs }) => gbs).length).toBeGreaterThanOrEqual(2);
  });

  it("that go wrong after some runs have no time", async () => {
    const gpu = await testGpu();
    const shape = shapeNamed("relu/1x112x112x32");
    const { op } = shape.record;
    const counting: Kernel = {
      name: "test/wearing-out",
      code: `
struct Args { count: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> runs: array<u32>;
@group(0) @binding(3) var<uniform> args: Args;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < args.count) {
    let worn = runs[id.x] >= 5u;
    runs[id.x] += 1u;
    y[id.x] = select(max(x[id.x], 0.0), 1.0, worn);
  }
}`,
      bindings: [
        { name: "x", writes: false },
        { name: "y", writes: true },
        { name: "runs", writes: true },
      ],
      args: [{ name: "count", type: "u32" }],
      workgroup: [64, 1, 1],
    };
    const count = 112 * 112 * 32;
    const lower = (): Lowered => ({
      dispatches: [
        {
          ...{ kernel: counting, args: { count }, workgroups: [count / 64, 1, 1] },
          bind: { x: { input: 0 }, y: { output: 0 }, runs: { scratch: 0 } },
        },
      ],
      scratch: [{ dtype: "u32", shape: [count] }],
    });
    const variants = [{ ...op.variants[0]!, name: "wearing-out", settings: undefined, lower }, ...op.variants];
    const worn = kernelCase({ ...shape, record: { ...shape.record, op: { ...op, variants } } });
    const found = await runSuite({ gpu, quick: true, cases: [worn], filter: /^relu/, rounds: 3 });
    expect(found.failed).toEqual([
      { name: "relu/1x112x112x32/wearing-out", reason: expect.stringContaining("after it was timed") },
    ]);
    const timed = found.results.map(({ name }) => name).filter((name) => name.startsWith("relu/"));
    expect(timed).toEqual(["relu/1x112x112x32/plain"]);
  });

  it("are compared with peers that agree until the end, and with no others", async () => {
    const gpu = await testGpu();
    const crash = async (): Promise<never> => {
      throw new TlxError("E_DEVICE", "its process ended with SIGSEGV");
    };
    const peerOf = (name: string, scale: number, runs = Number.POSITIVE_INFINITY, later = scale): SuitePeer => ({
      ...{ name, version: "1" },
      async prepare(work) {
        if (work.kind !== "kernel") return { cannot: "it does kernels only" };
        const [x] = work.inputSets[0]!;
        const outputs = (factor: number) =>
          new Map([["0", Float32Array.from(x as Float32Array, (v) => factor * Math.max(v, 0))]]);
        let done = 0;
        return {
          outputs: outputs(scale),
          run: async (times = 1) => (done++ < runs ? { ms: 1000 * times, figures: {} } : crash()),
          read: async () => outputs(later),
          dispose: async () => {},
        };
      },
    });
    const peers: SuitePeer[] = [
      peerOf("right", 1),
      peerOf("wrong", 1.01),
      peerOf("crashing", 1, 2),
      peerOf("tiring", 1, Number.POSITIVE_INFINITY, 0),
      { name: "unable", version: "1", prepare: async () => ({ cannot: "it has no relu" }) },
    ];
    const found = await runSuite({ gpu, quick: true, peers, filter: /^relu\//, rounds: 3 });
    const [relu] = found.results.filter(({ name }) => name.startsWith("relu/"));
    expect(Object.keys(relu!.ratios)).toEqual(["right"]);
    expect(relu!.peers.right!.medianMs).toBeCloseTo(1000);
    expect(relu!.peers.right!.runs).toBeGreaterThanOrEqual(3);
    expect(relu!.ratios.right! * relu!.medianMs).toBeCloseTo(1000, 3);
    const reasons = new Map(found.skipped.map(({ name, reason }) => [name, reason]));
    expect(reasons.get("relu/1x112x112x32 by wrong")).toContain("not that of tlx");
    expect(reasons.get("relu/1x112x112x32 by unable")).toBe("it has no relu");
    expect(reasons.get("relu/1x112x112x32 by crashing")).toMatch(/^it failed while it was timed: .*SIGSEGV$/);
    expect(reasons.get("relu/1x112x112x32 by tiring")).toMatch(/^after it was timed: .* not that of tlx/);
    expect(found.groups.map(({ name, peer }) => [name, peer])).toEqual([["all kernels", "right"]]);
  });

  it("in groups have geometric means of the chosen variants, and of the fastest", () => {
    const kernel = (name: string, medianMs: number, isDefault: boolean, more: Partial<Result> = {}): Result =>
      resultOf(name, medianMs, { default: isDefault, peers: { tfjs: { medianMs: 16, spread: 0 } }, ...more });
    const groups = ratioGroups([
      kernel("matmul/2x2x2/a", 4, true),
      kernel("matmul/2x2x2/b", 2, false),
      kernel("matmul/2x2x2/half", 0.1, false, { precision: "half" }),
      kernel("conv2d/1x1x1x1-1-1x1/a", 1, true),
      kernel("conv2dInputGrad/1x1x1x1-1-1x1/a", 32, true),
    ]);
    const [forward, backward, all] = groups;
    expect(forward).toMatchObject({ name: "matmul and conv2d, forward", peer: "tfjs", shapes: 2, least: 4 });
    expect(forward!.ratio).toBeCloseTo(8);
    expect(forward!.tunedRatio).toBeCloseTo(Math.sqrt(8 * 16));
    expect(backward).toMatchObject({ shapes: 1, least: 0.5, leastOf: "conv2dInputGrad/1x1x1x1-1-1x1" });
    expect(all).toMatchObject({ name: "all kernels", shapes: 3 });
  });
});

describe("a training step", () => {
  const start = Float32Array.from([0.5, -2, 0.25, 1]);
  const [g1, g2] = [Float32Array.from([1e-3, -0.4, 0, 30]), Float32Array.from([-2e-3, -0.1, 1e-4, 10])];
  const learningRate = 1e-5;
  const setup = { learningRate, tail: { weights: new Map([["w", { data: start }]]) } } as unknown as Parameters<
    typeof verifyStep
  >[1];

  /** Adam, but for `changes`. */
  function stepsBy(changes: { rate?: number; beta1?: number; beta2?: number; stepAt?: (t: number) => number } = {}) {
    const { rate = learningRate, beta1 = 0.9, beta2 = 0.999, stepAt = (t) => t } = changes;
    const [m, v] = [new Float64Array(4), new Float64Array(4)];
    let weights = start;
    const steps = [g1, g2].map((g, i): CheckedStep => {
      const t = stepAt(i + 1);
      weights = weights.map((w, k) => {
        m[k] = beta1 * m[k]! + (1 - beta1) * g[k]!;
        v[k] = beta2 * v[k]! + (1 - beta2) * g[k]! ** 2;
        return w - (rate * m[k]!) / (1 - beta1 ** t) / (Math.sqrt(v[k]! / (1 - beta2 ** t)) + 1e-8);
      });
      return { loss: 1, gradients: new Map([["w", g]]), updated: new Map([["w", weights]]) };
    });
    return { check: async () => steps as unknown as readonly [CheckedStep, CheckedStep] };
  }
  const verified = (peer: ReturnType<typeof stepsBy>): Promise<string> =>
    verifyStep("a step", setup, stepsBy(), peer, { gradient: 1e-3, updated: 1e-3 });

  it("counts when both updates are Adam's", async () => {
    expect(await verified(stepsBy())).toContain("two updates checked");
  });

  it.each([
    ["another learning rate", { rate: 1.02 * learningRate }],
    ["no update", { rate: 0 }],
    ["another mean of gradients", { beta1: 0.8 }],
    ["another mean of squares", { beta2: 0.99 }],
    ["a bias that is corrected as in the first step", { stepAt: () => 1 }],
  ])("is refused with %s", async (_, changes) => {
    await expect(verified(stepsBy(changes))).rejects.toThrow(/moves element \d of "w" by .* learning rates/);
  });
});

describe("a run that ends early", () => {
  const caseOf = (name: string, run: () => void): SuiteCase => ({
    quick: true,
    names: () => [name],
    async run() {
      run();
      return { results: [resultOf(name, 1)] };
    },
  });

  it("gives what was measured, and says how far it came", async () => {
    const gpu = await testGpu();
    const controller = new AbortController();
    const cases = [
      caseOf("first", () => {}),
      caseOf("second", () => controller.abort(new Error("stopped by SIGINT"))),
      caseOf("third", () => {}),
    ];
    const found: [number, string | undefined][] = [];
    const running = runSuite({
      ...{ gpu, quick: true, cases, filter: /^(first|second|third)$/, signal: controller.signal },
      onFindings: ({ results, unfinished }) => void found.push([results.length, unfinished]),
    });
    await expect(running).rejects.toThrow("stopped by SIGINT");
    expect(found).toEqual([
      [1, "1 of 3 cases measured"],
      [2, "2 of 3 cases measured"],
      [2, "2 of 3 cases measured: stopped by SIGINT"],
    ]);
  });
});

describe("npm run bench", () => {
  it("refuses options that a bench does not use", () => {
    expect(parseCommand(["strategies", "--seeds", "2"])).toMatchObject({ bench: "strategies", seeds: 2 });
    expect(parseCommand(["compare", "a.json", "b.json"])).toMatchObject({ files: ["a.json", "b.json"] });
    for (const [argv, message] of [
      [["accuracy", "--seeds", "2"], "accuracy has no use for --seeds; its options: --weights, --adapter"],
      [["strategies", "--scratch"], "strategies has no use for --scratch"],
      [["strategies", "--colour"], "--colour"],
      [["strategies", "--seeds", "few"], 'expected a whole number of at least 1 for --seeds, found "few"'],
      [["strategies", "again"], 'strategies expects options only, found "again"'],
      [["walk"], 'found "walk"'],
      [["compare", "--data", "x", "a", "b"], "compare has no use for --data"],
    ] as const) {
      expect(() => parseCommand(argv)).toThrow(message);
    }
  });
});

describe("two result files", () => {
  it("differ only by more than noise", () => {
    const before = fileOf([
      resultOf("faster", 10),
      resultOf("slower", 10),
      resultOf("same", 10),
      resultOf("noisy", 10, { noise: 0.3 }),
      resultOf("gone", 10),
    ]);
    const after = fileOf([
      resultOf("faster", 8),
      resultOf("slower", 12),
      resultOf("same", 10.2),
      resultOf("noisy", 12.5),
      resultOf("new", 1),
    ]);
    const found = compareResults(before, after);
    expect(Object.fromEntries(found.results.map(({ name, verdict }) => [name, verdict]))).toEqual({
      faster: "faster",
      slower: "slower",
      same: "same within noise",
      noisy: "same within noise",
    });
    expect(found).toMatchObject({ onlyBefore: ["gone"], onlyAfter: ["new"], warnings: [] });
    expect(formatComparison(found)).toContain("1 faster, 1 slower, 2 same within noise");
  });

  it("are judged by the uncertainty of their medians, and never by one run", () => {
    const verdictOf = (more: Partial<Result>): string => {
      const own = { noise: 0, ...more };
      const [before, after] = [fileOf([resultOf("a", 10, own)]), fileOf([resultOf("a", 12, own)])];
      return compareResults(before, after).results[0]!.verdict;
    };
    expect(verdictOf({ spread: 0.1, runs: 9 })).toBe("slower"); // 3.36 * 0.929 * 0.1 / 3 * sqrt(2) = 15 %
    expect(verdictOf({ spread: 0.15, runs: 9 })).toBe("same within noise");
    expect(verdictOf({ spread: 0.15, runs: 90 })).toBe("slower");
    expect(verdictOf({ spread: 0.02, runs: 3 })).toBe("slower");
    expect(verdictOf({ spread: 0.03, runs: 3 })).toBe("same within noise"); // few runs say little of their spread
    expect(verdictOf({ spread: 0, runs: 1 })).toBe("same within noise");
    const usual = (noise: number): ResultFile => fileOf([1, 2, 3].map((i) => resultOf(`${i}`, 10, { noise })));
    const shifted = fileOf([resultOf("1", 11, { noise: 0 })]);
    expect(compareResults(usual(0.02), shifted).results[0]!.verdict).toBe("slower");
    expect(compareResults(usual(0.03), shifted).results[0]!.verdict).toBe("same within noise");
  });

  it("of different adapters or ways to run are said to be", () => {
    const [a, b] = [fileOf([]), fileOf([], { adapter: "another", options: { quick: true, rounds: 5 } })];
    const text = formatComparison(compareResults(a, { ...b, unfinished: "1 of 2 cases measured" }));
    expect(text).toContain("WARNING: the adapter differs: an adapter and another");
    expect(text).toContain("WARNING: the length of the run differs: full and quick");
    expect(text).toContain("WARNING: the number of rounds differs: 9 and 5");
    expect(text).toContain("WARNING: the run after is unfinished: 1 of 2 cases measured");
  });
});

describe("the README", () => {
  it("has the table that is made from the file it names", () => {
    const readme = readFileSync(path.join(root, "README.md"), "utf8");
    expect(readme).toBe(withBenchTable(readme, root));
  });

  it("names a file that the schema allows", () => {
    const [, source] = /<!-- bench:begin (\S+) -->/.exec(readFileSync(path.join(root, "README.md"), "utf8"))!;
    expect(faultsOf(JSON.parse(readFileSync(path.join(root, source!), "utf8")))).toEqual([]);
  });

  it("without the marked lines is refused", () => {
    expect(() => withBenchTable("# tlx\n", root)).toThrow("expected the lines");
  });

  it("says so where the adapter is a software one", () => {
    const file = fileOf([resultOf("mobilenet-v2/forward/b8", 12.3, { ratios: { "tfjs-webgpu": 6.54 } })], {
      environment: { ...fileOf([]).environment, software: true },
      peers: [{ name: "tfjs-webgpu", version: "4.22.0" }],
    });
    const table = formatMarkdown(file, "bench/results/a.json");
    expect(table).toContain("a SOFTWARE adapter");
    expect(table).toContain("| `mobilenet-v2/forward/b8` | 12.30 | 1 % | 2 % | 6.5x |");
  });

  it("gives no ratio of what two timings of the same do not agree on", () => {
    const noisy = resultOf("mobilenet-v2/train/head/b8", 0.8, { noise: 1.4, ratios: { "tfjs-webgpu": 6.54 } });
    const file = fileOf([noisy], { peers: [{ name: "tfjs-webgpu", version: "4.22.0" }] });
    expect(formatMarkdown(file, "bench/results/a.json")).toContain("| 140 % | noise |");
  });
});

describe("the schema", () => {
  it("refuses a time without a check, and what it does not know", () => {
    expect(faultsOf(fileOf([resultOf("a", 1)]))).toEqual([]);
    expect(faultsOf(fileOf([{ ...resultOf("a", 1), checked: false as true }]))).not.toEqual([]);
    expect(faultsOf({ ...fileOf([]), more: 1 })).not.toEqual([]);
  });

  it("means the same to the page, which may not compile it", () => {
    const full = resultOf("a", 1, { gpuMs: 1, precision: "half", figures: { a: 1 }, ratios: { b: 2 } });
    const peers = { b: { medianMs: 2, spread: 0.1, runs: 3 } };
    const file = fileOf([{ ...full, peers }], {
      ...{ sizes: [{ name: "c", bytes: 1 }], failed: [{ name: "d", reason: "e" }], unfinished: "1 of 2" },
      ...{ peers: [{ name: "b", version: "1" }], options: { quick: true, rounds: 3, filter: "a" } },
    });
    let compared = 0;
    const differing: string[] = [];
    const check = (at: string): void => {
      compared++;
      if ((schemaFaults(schema, file).length === 0) !== validate(file)) differing.push(at);
    };
    const visit = (inside: Record<string, unknown>, at: string): void => {
      for (const [key, value] of Object.entries(inside)) {
        if (typeof value === "object") visit(value as Record<string, unknown>, `${at}/${key}`);
        for (const other of [undefined, null, "", "x", -1, 0, 1.5, true, {}, []]) {
          if (other !== undefined) inside[key] = other;
          else if (!Array.isArray(inside)) delete inside[key];
          check(`${at}/${key} = ${JSON.stringify(other)}`);
          inside[key] = value;
        }
      }
      if (Array.isArray(inside)) return;
      inside.more = 1;
      check(`${at} with more`);
      delete inside.more;
    };
    check("as it is");
    expect(schemaFaults(schema, file)).toEqual([]);
    visit(file as unknown as Record<string, unknown>, "");
    expect(compared).toBeGreaterThan(400);
    expect(differing).toEqual([]);
    expect(() => schemaFaults({ oneOf: [] }, file)).toThrow("found oneOf");
  });
});

describe("tlx bench", () => {
  const relu = ["bench", "--quick", "--json", "--filter", "^relu/", "--rounds", "3"];

  it("prints a result file that the schema allows", async () => {
    const { status, stdout, stderr } = await tlx(relu);
    expect(stderr).toContain("1 of 1: relu/1x112x112x32/plain");
    const file = JSON.parse(stdout) as ResultFile;
    expect(faultsOf(file)).toEqual([]);
    expect(file.options).toEqual({ quick: true, rounds: 3, filter: "^relu\\/" });
    expect(file.results.map(({ name }) => name)).toContain("relu/1x112x112x32/plain");
    expect(file.environment.software).toBe((await testGpu()).capabilities.software);
    expect(status).toBe(0);
  });

  it("keeps what it measured when it is stopped", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "tlx-bench-"));
    try {
      const output = path.join(folder, "results.json");
      let asked = false;
      const args = ["bench", "--quick", "--json", "--filter", "^(relu|depthwiseConv2d)/", "--output", output];
      const { status, stdout } = await tlx(args, {
        watch(stderr, child) {
          if (!asked && stderr.includes("2 of 2: ")) child.kill("SIGINT");
          asked ||= stderr.includes("2 of 2: ");
        },
      });
      expect(status).toBe(130);
      const file = JSON.parse(readFileSync(output, "utf8")) as ResultFile;
      expect(file.unfinished).toBe("1 of 2 cases measured: stopped by SIGINT");
      expect(faultsOf(file)).toEqual([]);
      expect(file.results.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^(relu|depthwiseConv2d)/));
      expect(JSON.parse(stdout)).toEqual(file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("times no wrong kernel and ends with 6", async () => {
    const breaking = pathToFileURL(path.join(import.meta.dirname, "support/break-relu.mjs")).href;
    const { status, stdout, stderr } = await tlx(relu, { env: { NODE_OPTIONS: `--import=${breaking}` } });
    expect(stderr).toContain("wrong output, not timed: relu/1x112x112x32/plain");
    const file = JSON.parse(stdout) as ResultFile;
    expect(file.failed.map(({ name }) => name)).toEqual(["relu/1x112x112x32/plain"]);
    expect(file.results.filter(({ name }) => name.startsWith("relu/"))).toEqual([]);
    expect(status).toBe(6);
  });

  it("refuses peers it does not know, and filters that are none", async () => {
    const peer = await tlx(["bench", "--quick", "--peers", "torch"]);
    expect(peer.stderr).toContain(
      'expected peers of tfjs-webgpu, tfjs-wasm, ort-webgpu, ort-node, jax-webgpu, found "torch"',
    );
    expect(peer.status).toBe(2);
    const filter = await tlx(["bench", "--filter", "("]);
    expect(filter.stderr).toContain("Expected a regular expression");
    expect(filter.status).toBe(2);
  });
});
