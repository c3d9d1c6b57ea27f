/** The result file. Its JSON schema is published beside it as `@tlx/bench/result.schema.json`. */

/** Milliseconds of one execution by another runtime. */
export interface PeerTime {
  readonly medianMs: number;
  readonly spread: number;
  /** Timed calls; not in every file. */
  readonly runs?: number;
}

/** What was measured under one name, after its output was checked. */
export interface Result {
  /** "mobilenet-v2/forward/b8", "conv2d/8x56x56x64-64-3x3/subgroup-tile" */
  readonly name: string;
  /** Of one execution from the call until the device is idle, by the clock on the wall. */
  readonly medianMs: number;
  /** Distance between the quartiles over the median. */
  readonly spread: number;
  readonly runs: number;
  /** Where Benchmark.js timed the calls, which it does in Node: the mean, and half the width of its 95 % interval in percent. */
  readonly meanMs?: number;
  readonly marginPercent?: number;
  readonly checked: true;
  /** By peer: how many times as long it takes. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly peers: Readonly<Record<string, PeerTime>>;
  /** By how much two timings of the same thing in the same rounds differed, as a share. */
  readonly noise?: number;
  /** By timestamps of the GPU, where it has them. */
  readonly gpuMs?: number;
  readonly gflops?: number;
  readonly gbs?: number;
  /** Of what limits it: share of the FMA kernel's rate, or of the copy kernel's. */
  readonly shareOfCeiling?: number;
  /** Kernels: does tlx choose this variant here without tuning? */
  readonly default?: boolean;
  /** Factors are rounded to float16, which is done on request only. */
  readonly precision?: "half";
  readonly dispatches?: number;
  readonly plannedBytes?: number;
  readonly unplannedBytes?: number;
  /** What else was found, by name. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Bytes, where nothing was timed. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
}

export interface NamedReason {
  readonly name: string;
  readonly reason: string;
}

/** Ratios of a group of kernels. */
export interface RatioGroup {
  /** "matmul and conv2d, forward" */
  readonly name: string;
  readonly peer: string;
  readonly shapes: number;
  /** Geometric mean of how many times as long the peer takes as the variant that is chosen without tuning. */
  readonly ratio: number;
  /** The same for the fastest variant of each shape, as tuning would find it. */
  readonly tunedRatio: number;
  /** The smallest ratio of the chosen variants, and whose it is. */
  readonly least: number;
  readonly leastOf: string;
}

export interface PeerInfo {
  readonly name: string;
  readonly version: string;
  readonly adapter?: string;
}

/** Where it was measured: without this no figure means anything. */
export interface Environment {
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  /** A CPU that pretends to be a GPU: times say little about one. */
  readonly software: boolean;
  readonly timestamps: boolean;
  /** Left out where it varies or there are no subgroups. */
  readonly subgroupSize?: number;
  /** Milliseconds of a step of the clock, where it is so coarse that calls are repeated for it: in browsers. */
  readonly timerStepMs?: number;
  /** "node v20.19.0", "Mozilla/5.0 ..." */
  readonly runtime: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
}

export interface RunOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly filter?: string;
}

/** What the suite finds. */
export interface Findings {
  readonly results: readonly Result[];
  readonly sizes: readonly Size[];
  /** Wrong outputs: they were not timed. */
  readonly failed: readonly NamedReason[];
  /** What this adapter, this place or a peer cannot do. */
  readonly skipped: readonly NamedReason[];
  readonly groups: readonly RatioGroup[];
  readonly peers: readonly PeerInfo[];
  /** Why not all was measured: how far it came, and what stopped it. */
  readonly unfinished?: string;
}

export interface ResultFile extends Findings {
  readonly version: 1;
  readonly adapter: string;
  readonly commit: string;
  readonly tlx: string;
  readonly date: string;
  readonly seconds: number;
  readonly environment: Environment;
  readonly options: RunOptions;
}
