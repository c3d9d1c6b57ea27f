/**
 * How tlx measures: the output is checked first, everything is warmed up, contestants run interleaved in one process,
 * medians and spread are reported with adapter, commit and versions.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";

export interface Contestant {
  readonly name: string;
  /** One unit of work, finished on the device when the promise resolves. */
  run(): Promise<void>;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly runs: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs the contestants in turn, `rounds` times after two warm-up rounds, so that drift hits all alike. */
export async function interleave(contestants: readonly Contestant[], rounds: number): Promise<Timing[]> {
  const times = contestants.map((): number[] => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const start = performance.now();
      await contestant.run();
      if (round >= 0) times[i]!.push(performance.now() - start);
    }
  }
  return contestants.map(({ name }, i) => ({
    name,
    median: median(times[i]!),
    fastest: Math.min(...times[i]!),
    slowest: Math.max(...times[i]!),
    runs: times[i]!.length,
  }));
}

/** Largest difference over largest magnitude. NaN anywhere gives NaN, which no tolerance accepts. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs((found[i] as number) - (expected[i] as number));
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    magnitude = Math.max(magnitude, Math.abs(expected[i] as number));
  }
  return difference / magnitude;
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") ? "+changes" : "");
  } catch {
    return "unknown";
  }
}

/** Where a figure was measured: without this it means nothing. */
export function environment(gpu: Gpu): Record<string, string | number | boolean> {
  const { vendor, architecture, device, description } = gpu.device.adapterInfo;
  return {
    adapter: device || description || architecture,
    vendor,
    architecture,
    driver: description,
    software: gpu.capabilities.software,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.cpus().length,
    commit: commit(),
  };
}

/** Writes a result file under bench/results and returns its path. */
export function saveResults(name: string, gpu: Gpu, results: unknown): string {
  const folder = path.resolve("bench", "results");
  mkdirSync(folder, { recursive: true });
  const where = environment(gpu);
  const adapter = String(where.adapter)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  const file = path.join(folder, `${name}-${adapter}.json`);
  writeFileSync(file, `${JSON.stringify({ bench: name, environment: where, results }, null, 2)}\n`);
  return path.relative(process.cwd(), file);
}
