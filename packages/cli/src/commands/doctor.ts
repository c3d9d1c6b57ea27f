import { readdir, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { type AdapterFound, type AdapterTrial, distinctAdapters, openGpu, tryAdapters } from "@tlx/kernels/node";
import { formatMegabytes } from "@tlx/transfer";
import { cacheFolder, type FeatureCacheSize, featureCacheSize } from "@tlx/transfer/node";
import { Command } from "commander";
import type { Context } from "../context.js";
import { type AdapterOptions, addAdapterOption, cacheOption, jsonOption } from "../options.js";
import { printableName } from "../printable.js";
import type { Report } from "../report.js";
import { storeOf } from "../tuned-kernels.js";
import { version } from "../version.js";

interface DoctorOptions extends AdapterOptions {
  readonly cache?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  $ tlx doctor
  $ tlx doctor --adapter software --json

The exit status is 4 where there is no GPU to work with.`;

export function doctorCommand(context: Context): Command {
  return addAdapterOption(
    new Command("doctor")
      .description("Show what tlx runs on: the GPU, its driver, features and limits, what was tried, and the cache.")
      .addOption(cacheOption())
      .addOption(jsonOption("everything")),
  )
    .addHelpText("after", examples)
    .action((options: DoctorOptions) => examine(context, options));
}

interface OpenedAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Kernels that were timed on it. */
  readonly tuned: { readonly file: string; readonly problems: number };
}

interface Findings {
  readonly tlx: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly adapter: OpenedAdapter | undefined;
  /** Why there is no adapter. */
  readonly failure: string | undefined;
  readonly tried: readonly AdapterTrial[];
  /** What --adapter chooses from, by number. */
  readonly adapters: readonly AdapterFound[];
  readonly cache: { readonly folder: string; readonly files: number; readonly bytes: number };
  /** The part of the cache that training fills; it may be deleted. */
  readonly features: FeatureCacheSize;
}

async function examine({ report }: Context, options: DoctorOptions): Promise<void> {
  const findings = await gather(options);
  if (options.json) report.printJson(findings);
  else printFindings(report, findings);
  if (!findings.adapter) throw new TlxError("E_ADAPTER", findings.failure ?? "no WebGPU adapter");
}

async function gather({ adapter, cache }: DoctorOptions): Promise<Findings> {
  const tried = await outcome(tryAdapters());
  const trials = "value" in tried ? tried.value : [];
  const opened = await outcome(openAndDescribe(adapter, cache));
  const cpus = os.cpus();
  return {
    tlx: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}, ${os.version()} ${os.release()}`,
    cpu: `${cpus[0]?.model.trim() ?? "unknown"}, ${cpus.length} cores, ${formatMegabytes(os.totalmem())} memory`,
    environment: readEnvironment(),
    adapter: "value" in opened ? opened.value : undefined,
    failure: "failure" in opened ? opened.failure : undefined,
    tried: trials,
    adapters: distinctAdapters(trials),
    cache: await measureFolder(cache ?? cacheFolder()),
    features: await featureCacheSize(cache),
  };
}

async function outcome<T>(pending: Promise<T>): Promise<{ value: T } | { failure: string }> {
  try {
    return { value: await pending };
  } catch (error) {
    if (error instanceof TlxError) return { failure: error.message };
    throw error;
  }
}

async function openAndDescribe(adapter: string | undefined, cache: string | undefined): Promise<OpenedAdapter> {
  const gpu = await openGpu({ adapter });
  try {
    const { adapterInfo: info, features, limits } = gpu.device;
    const { vendor, architecture, device, description } = info;
    const store = storeOf(gpu, cache);
    const { size } = await store.load(() => {});
    return {
      ...{ vendor, architecture, device, description },
      software: gpu.capabilities.software,
      features: [...features].sort(),
      limits: readLimits(limits),
      tuned: { file: store.place, problems: size },
    };
  } finally {
    gpu.dispose();
  }
}

/** The limits are getters of the prototype. */
function readLimits(limits: GPUSupportedLimits): Record<string, number> {
  const names = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(limits))) as "maxBufferSize"[];
  return Object.fromEntries(names.map((name) => [name, limits[name]]).filter(([, value]) => typeof value === "number"));
}

/** Variables that change what tlx or the driver does, where they are set. */
function readEnvironment(): Record<string, string> {
  const names = [
    "TLX_ADAPTER",
    "TLX_CACHE",
    "TLX_MIRROR",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "MESA_VK_DEVICE_SELECT",
  ];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

async function measureFolder(folder: string): Promise<Findings["cache"]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((e) => e.isFile());
  const sizes = await Promise.all(
    files.map((f) =>
      stat(path.join(f.parentPath, f.name)).then(
        (s) => s.size,
        () => 0, // went away meanwhile
      ),
    ),
  );
  return { folder, files: files.length, bytes: sizes.reduce((a, b) => a + b, 0) };
}

function printFindings(report: Report, f: Findings): void {
  const line = (name: string, text: string): void => report.print(`${name.padEnd(12)}${text}`);
  line("tlx", f.tlx);
  line("node", f.node);
  line("platform", f.platform);
  line("cpu", f.cpu);
  for (const [name, value] of Object.entries(f.environment)) line("environment", `${name}=${printableName(value)}`);
  const { adapter } = f;
  if (adapter) {
    line("adapter", `${adapter.device || adapter.description}${adapter.software ? ", software" : ""}`);
    line("driver", adapter.description || "unknown");
    line("vendor", [adapter.vendor, adapter.architecture].filter(Boolean).join(", ") || "unknown");
    line("features", adapter.features.join(", "));
    for (const [name, value] of Object.entries(adapter.limits)) line("limit", `${name} ${value}`);
  } else {
    line("adapter", "none");
  }
  for (const [i, a] of f.adapters.entries())
    line("choice", `--adapter ${i}: ${a.name}${a.software ? ", software" : ""}`);
  for (const { via, found, failure } of f.tried) line("tried", `${via}: ${found ? found.name : failure}`);
  line("cache", `${printableName(f.cache.folder)}, ${f.cache.files} files, ${formatMegabytes(f.cache.bytes)}`);
  const { folder, keys, bytes } = f.features;
  line("features", `${printableName(folder)}, from ${keys} bases, ${formatMegabytes(bytes)}; may be deleted`);
  if (!adapter) return;
  const { file, problems } = adapter.tuned;
  line(
    "kernels",
    problems > 0 ? `${problems} problems timed, in ${printableName(file)}` : "none timed; see tlx tune --help",
  );
}
