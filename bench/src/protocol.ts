/** Result files of the long benches: with adapter, commit and versions, without which a figure means nothing. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { commitOfCheckout } from "./node/checkout.js";

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
    commit: commitOfCheckout(),
  };
}

/** The result file of a bench on this adapter, under bench/results. */
export function resultsFile(name: string, gpu: Gpu): string {
  const adapter = String(environment(gpu).adapter)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return path.resolve("bench", "results", `${name}-${adapter}.json`);
}

/** Writes a result file and returns its path. */
export function saveResults(name: string, gpu: Gpu, results: unknown): string {
  const file = resultsFile(name, gpu);
  mkdirSync(path.dirname(file), { recursive: true });
  const text = `${JSON.stringify({ bench: name, environment: environment(gpu), results }, null, 2)}\n`;
  writeFileSync(`${file}.tmp`, text, { flush: true });
  renameSync(`${file}.tmp`, file);
  return path.relative(process.cwd(), file);
}
