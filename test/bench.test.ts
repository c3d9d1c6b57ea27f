/** The benchmark suite: what it computes of times, and that it refuses to lie. */
import { readFileSync } from "node:fs";
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
import type { Lowered } from "@tlx/kernels";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { withBenchTable } from "../bench/src/readme-table.js";
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
    for (const { medianMs, runs } of timings) {
      expect(medianMs).toBeGreaterThan(0.9 * slow);
      expect(runs).toBeGreaterThanOrEqual(4);
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

  it("are compared with peers that agree, and with no others", async () => {
    const gpu = await testGpu();
    const outputsOf =
      (scale: number): SuitePeer["prepare"] =>
      async (work) => {
        if (work.kind !== "kernel") return { cannot: "it does kernels only" };
        const [x] = work.inputSets[0]!;
        return {
          outputs: new Map([["0", Float32Array.from(x as Float32Array, (v) => scale * Math.max(v, 0))]]),
          run: async (times = 1) => ({ ms: 1000 * times, figures: {} }),
          dispose: async () => {},
        };
      };
    const peers: SuitePeer[] = [
      { name: "right", version: "1", prepare: outputsOf(1) },
      { name: "wrong", version: "1", prepare: outputsOf(1.01) },
      { name: "unable", version: "1", prepare: async () => ({ cannot: "it has no relu" }) },
    ];
    const found = await runSuite({ gpu, quick: true, peers, filter: /^relu\//, rounds: 3 });
    const [relu] = found.results.filter(({ name }) => name.startsWith("relu/"));
    expect(Object.keys(relu!.ratios)).toEqual(["right"]);
    expect(relu!.peers.right!.medianMs).toBeCloseTo(1000);
    expect(relu!.ratios.right! * relu!.medianMs).toBeCloseTo(1000, 3);
    const reasons = new Map(found.skipped.map(({ name, reason }) => [name, reason]));
    expect(reasons.get("relu/1x112x112x32 by wrong")).toContain("not that of tlx");
    expect(reasons.get("relu/1x112x112x32 by unable")).toBe("it has no relu");
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

  it("of different adapters are said to be", () => {
    const [a, b] = [fileOf([]), fileOf([], { adapter: "another" })];
    expect(formatComparison(compareResults(a, b))).toContain("WARNING: the adapter differs: an adapter and another");
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
