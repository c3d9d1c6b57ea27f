/**
 * What this adapter can do at most, measured in the same run as the kernels: multiply-adds by kernels that do nothing else,
 * and bytes by kernels that only copy. Their outputs are checked too.
 *
 *   FMA    x <- f x + g, again and again, in 8 or 16 independent chains per thread
 *   Copy   y[i] = x[i], one float or four per thread; small buffers stay in caches, so several sizes are measured
 */
import {
  Arena,
  type BoundDispatch,
  type Gpu,
  type Kernel,
  type Launch,
  prepareLaunches,
  Reader,
  Usage,
} from "@tlx/kernels";
import { contest } from "./contest.js";
import type { SuiteContext } from "./context.js";
import { gpuTime } from "./gpu-clock.js";
import { enoughTimes, submitRotating } from "./repeat.js";
import type { NamedReason, Result } from "./result.js";

export interface Ceilings {
  readonly gflops: number;
  /** GB/s of traffic, read and written, of a kernel that touches so many bytes. */
  gbs(bytes: number): number;
}

export interface MeasuredCeilings {
  readonly ceilings: Ceilings | undefined;
  readonly results: readonly Result[];
  readonly failed: readonly NamedReason[];
}

const FACTOR = 0.97;
const SUMMAND = 0.5;
const STEPS = 8; // per chain and round of the loop

const step = (chains: string): string => [...chains].map((chain) => `    ${chain} = fma(${chain}, f, g);`).join("\n");

/** `chains` vec4f in a thread. */
const fmaCode = (chains: string): string => `
struct Args { rounds: u32, factor: f32, summand: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> args: Args;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let f = vec4f(args.factor);
  let g = vec4f(args.summand);
  let start = vec4f(0.0, 1.0, 2.0, 3.0) + f32(id.x & 255u);
${[...chains].map((chain, i) => `  var ${chain} = start + ${4 * i}.0;`).join("\n")}
  for (var i = 0u; i < args.rounds; i++) {
${Array.from({ length: STEPS }, () => step(chains)).join("\n")}
  }
  let sum = ${[...chains].join(" + ")};
  y[id.x] = sum.x + sum.y + sum.z + sum.w;
}`;

const fmaKernel = (chains: string): Kernel => ({
  name: `ceiling/fma-${4 * chains.length}`,
  code: fmaCode(chains),
  bindings: [{ name: "y", writes: true }],
  args: [
    { name: "rounds", type: "u32" },
    { name: "factor", type: "f32" },
    { name: "summand", type: "f32" },
  ],
  workgroup: [64, 1, 1],
});

const copyKernel = (element: "f32" | "vec4f"): Kernel => ({
  name: `ceiling/copy-${element}`,
  code: `
struct Args { count: u32 }
@group(0) @binding(0) var<storage, read> x: array<${element}>;
@group(0) @binding(1) var<storage, read_write> y: array<${element}>;
@group(0) @binding(2) var<uniform> args: Args;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i < args.count) {
    y[i] = x[i];
  }
}`,
  bindings: [
    { name: "x", writes: false },
    { name: "y", writes: true },
  ],
  args: [{ name: "count", type: "u32" }],
  workgroup: [256, 1, 1],
});

type Place = Pick<SuiteContext, "gpu" | "quick" | "signal" | "stopwatch">;

interface Measured {
  readonly result?: Result;
  readonly failed?: NamedReason;
}

interface Ceiling {
  readonly name: string;
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
  readonly args: Readonly<Record<string, number>>;
  /** Of what it reads, if anything. */
  readonly input: Float32Array<ArrayBuffer> | undefined;
  readonly outputs: number;
  rates(ms: number): Pick<Result, "gflops" | "gbs">;
  isRight(found: Float32Array): boolean;
}

function fmaCeiling(gpu: Gpu, chains: string, quick: boolean): Ceiling {
  const groups = gpu.capabilities.software ? 512 : 8192;
  const rounds = quick ? 16 : 64;
  const count = 4 * chains.length;
  const settled = STEPS * rounds;
  const expected = (thread: number): number => {
    let sum = 0;
    for (let chain = 0; chain < count; chain++) {
      let x = (thread & 255) + chain;
      for (let i = 0; i < settled; i++) x = FACTOR * x + SUMMAND;
      sum += x;
    }
    return sum;
  };
  return {
    name: `ceiling/fma/${count}`,
    kernel: fmaKernel(chains),
    workgroups: [groups, 1, 1],
    args: { rounds, factor: FACTOR, summand: SUMMAND },
    input: undefined,
    outputs: 64 * groups,
    rates: (ms) => ({ gflops: (2 * settled * count * 64 * groups) / ms / 1e6 }),
    // Each step divides what was rounded before by 1 / FACTOR: the errors stay below 1 / (1 - FACTOR) roundings.
    isRight: (found) =>
      found.length === 64 * groups &&
      found.every((v, i) => i >= 256 || Math.abs(v - expected(i)) <= 1e-5 * expected(i)) &&
      found.every((v, i) => v === found[i & 255]),
  };
}

function copyCeiling(gpu: Gpu, element: "f32" | "vec4f", bytes: number): Ceiling {
  const count = bytes / (element === "f32" ? 4 : 16);
  const groups = Math.ceil(count / 256);
  const limit = gpu.capabilities.maxComputeWorkgroupsPerDimension;
  const rows = Math.ceil(groups / limit);
  const input = Float32Array.from({ length: bytes / 4 }, (_, i) => (i * 7919) % 65521);
  return {
    name: `ceiling/copy/${element}-${bytes / 2 ** 20}MiB`,
    kernel: copyKernel(element),
    workgroups: [Math.ceil(groups / rows), rows, 1],
    args: { count },
    input,
    outputs: bytes / 4,
    rates: (ms) => ({ gbs: (2 * bytes) / ms / 1e6 }),
    isRight: (found) => found.length === input.length && found.every((v, i) => v === input[i]),
  };
}

async function measure({ gpu, quick, signal, stopwatch }: Place, ceiling: Ceiling): Promise<Measured> {
  const { name, kernel, workgroups, args, input, outputs } = ceiling;
  const arena = new Arena(gpu, name);
  const reader = new Reader(gpu, name);
  try {
    const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;
    const y = arena.buffer(4 * outputs, usage, "y");
    const x = input && arena.buffer(4 * input.length, usage, "x");
    if (x) gpu.device.queue.writeBuffer(x, 0, input);
    const bound: BoundDispatch = {
      label: name,
      dispatch: { kernel, args, workgroups, bind: { ...(x && { x: { input: 0 } }), y: { output: 0 } } },
      resolve: (operand) => ({ buffer: "input" in operand ? x! : y }),
    };
    const launches: readonly Launch[] = await prepareLaunches(gpu, arena, [bound]);
    submitRotating(gpu, [launches], 1);
    const isRight = async (): Promise<boolean> =>
      ceiling.isRight((await reader.read(y, { dtype: "f32", shape: [outputs] })).data as Float32Array);
    if (!(await isRight())) return { failed: { name, reason: "output is wrong; not timed" } };
    const times = await enoughTimes(gpu, [launches], stopwatch.leastMs);
    const run = async (): Promise<undefined> => {
      submitRotating(gpu, [launches], times);
      await gpu.idle();
    };
    const [timing] = await contest([{ name, run, times }], { rounds: quick ? 3 : 7, signal, stopwatch });
    if (!(await isRight()))
      return { failed: { name, reason: "after it was timed its output is wrong; its time is dropped" } };
    const { medianMs } = timing!;
    const gpuMs = await gpuTime(gpu, launches, medianMs);
    return {
      result: {
        ...timing!,
        ...{ checked: true, ratios: {}, peers: {} },
        ...(gpuMs !== undefined && { gpuMs }),
        ...ceiling.rates(medianMs),
      },
    };
  } finally {
    reader.dispose();
    arena.dispose();
  }
}

/** The best of several kernels each. `ceilings` is undefined when one kind has none that is right. Rejects with the reason of its `signal`. */
export async function measureCeilings(place: Place): Promise<MeasuredCeilings> {
  const { gpu, quick } = place;
  const sizes = (quick ? [1, 16] : [1, 8, 64]).map((mebibytes) => mebibytes * 2 ** 20);
  const usable = sizes.filter((bytes) => bytes <= gpu.capabilities.maxStorageBufferBindingSize);
  const all = [
    ...["ab", "abcd"].map((chains) => () => fmaCeiling(gpu, chains, quick)),
    ...usable.flatMap((bytes) => (["f32", "vec4f"] as const).map((e) => () => copyCeiling(gpu, e, bytes))),
  ];
  const found: Measured[] = [];
  for (const make of all) found.push(await measure(place, make()));
  const results = found.flatMap(({ result }) => result ?? []);
  const failed = found.flatMap(({ failed: one }) => one ?? []);
  const gflops = Math.max(...results.map((r) => r.gflops ?? 0));
  const copies = usable.map((bytes) => ({
    traffic: 2 * bytes,
    gbs: Math.max(0, ...results.filter((r) => r.name.endsWith(`-${bytes / 2 ** 20}MiB`)).map((r) => r.gbs ?? 0)),
  }));
  if (!(gflops > 0) || copies.some(({ gbs }) => gbs === 0)) return { ceilings: undefined, results, failed };
  const ceilings: Ceilings = {
    gflops,
    gbs(bytes) {
      const apart = copies.map(({ traffic }) => Math.abs(Math.log(traffic / bytes)));
      return copies[apart.indexOf(Math.min(...apart))]!.gbs;
    },
  };
  return { ceilings, results, failed };
}
