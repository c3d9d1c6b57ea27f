/**
 * A Gpu in Node through Dawn's binding, the npm package `webgpu` (an optional peer: install it beside tlx).
 *
 * WebGPU has no list of adapters, so the candidates are found by asking in every way Dawn offers: its own default first
 * (forcing a backend can hide the good one), then each preference, then each backend of the platform.
 */
import { TlxError } from "./errors.js";
import { isSoftware } from "./gpu/capabilities.js";
import { Gpu } from "./gpu/gpu.js";
import { requestDevice } from "./gpu/request-device.js";
import { compileHelper } from "./node/compile-helper.js";
import { politeWaiting } from "./node/polite-waiting.js";
import { allVariants as variants } from "./variant-sets/all.js";

export interface OpenOptions {
  /** "software", part of an adapter's name, or its index in `distinctAdapters()`; left out or empty: Dawn's default. */
  readonly adapter?: string | number;
  /** Ask for no optional feature and the default limits only, as the smallest device would have. */
  readonly minimal?: boolean;
}

export interface AdapterFound {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  readonly software: boolean;
  /** How it was asked for. */
  readonly via: string;
}

export interface AdapterTrial {
  readonly via: string;
  readonly found?: AdapterFound;
  readonly failure?: string;
}

interface Asked {
  readonly via: string;
  readonly flags: readonly string[];
  readonly options: GPURequestAdapterOptions;
}

const backends: Readonly<Record<string, readonly string[]>> = {
  linux: ["vulkan", "opengl"],
  darwin: ["metal"],
  win32: ["d3d12", "d3d11", "vulkan"],
};

const ways = (): Asked[] => [
  { via: "default", flags: [], options: {} },
  { via: "high-performance", flags: [], options: { powerPreference: "high-performance" } },
  { via: "low-power", flags: [], options: { powerPreference: "low-power" } },
  { via: "fallback", flags: [], options: { forceFallbackAdapter: true } },
  ...(backends[process.platform] ?? []).map((b) => ({ via: `backend ${b}`, flags: [`backend=${b}`], options: {} })),
];

async function loadDawn(): Promise<typeof import("webgpu")> {
  // Mesa warns on standard error when this is unset; a folder nobody else reads is what it wants.
  process.env.XDG_RUNTIME_DIR ??= (await import("node:os")).tmpdir();
  try {
    return await import("webgpu");
  } catch (error) {
    throw new TlxError(
      "E_ADAPTER",
      `openGpu: the package "webgpu" (Dawn for Node) cannot be loaded: ${String(error)}; run: npm install webgpu@0.6.2`,
      {},
      error,
    );
  }
}

/** Lets an adapter offer what is experimental, of which `requestDevice` takes subgroup matrices. */
const experimental = "enable-dawn-features=allow_unsafe_apis";

/** Dawn's instances by flags, kept until the process ends: one that is collected earlier takes the process down with it. */
const instances = new Map<string, GPU>();

async function ask(
  dawn: typeof import("webgpu"),
  way: Asked,
): Promise<{ adapter: GPUAdapter | null; failure?: string }> {
  const key = way.flags.join(" ");
  const instance = instances.get(key) ?? dawn.create([...way.flags, experimental]);
  instances.set(key, instance);
  try {
    return { adapter: await instance.requestAdapter(way.options) };
  } catch (error) {
    return { adapter: null, failure: String(error) };
  }
}

function describe(info: GPUAdapterInfo, via: string): AdapterFound {
  return {
    name: info.device || info.description || info.architecture || info.vendor || "unnamed adapter",
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    software: isSoftware(info),
    via,
  };
}

/** Every way of asking for an adapter with what came of it, for `tlx doctor` and for error messages. */
export async function tryAdapters(): Promise<AdapterTrial[]> {
  const dawn = await loadDawn();
  const trials: AdapterTrial[] = [];
  for (const way of ways()) {
    const { adapter, failure } = await ask(dawn, way);
    trials.push(
      adapter
        ? { via: way.via, found: describe(adapter.info, way.via) }
        : { via: way.via, failure: failure ?? "no adapter" },
    );
  }
  return trials;
}

/** The distinct adapters among the trials, in the order in which an index counts them. */
export function distinctAdapters(trials: readonly AdapterTrial[]): AdapterFound[] {
  const seen = new Map<string, AdapterFound>();
  for (const { found } of trials) {
    if (!found) continue;
    const key = `${found.name}|${found.driver}`;
    if (!seen.has(key)) seen.set(key, found);
  }
  return [...seen.values()];
}

async function wayTo(wanted: string | number | undefined): Promise<Asked> {
  const all = ways();
  if (wanted === undefined || wanted === "") return all[0]!;
  const adapters = distinctAdapters(await tryAdapters());
  const text = String(wanted).toLowerCase();
  const found = /^\d+$/.test(text)
    ? adapters[Number(text)]
    : adapters.find((a) => (text === "software" ? a.software : `${a.name} ${a.driver}`.toLowerCase().includes(text)));
  if (found) return all.find((w) => w.via === found.via)!;
  const list = adapters.map((a, i) => `  ${i}: ${a.name}${a.software ? " (software)" : ""}`).join("\n");
  throw new TlxError(
    "E_ADAPTER",
    `openGpu: no adapter matches "${wanted}"; ${list ? `there are:\n${list}` : "there is none at all; run: tlx doctor"}`,
  );
}

/**
 * Opens a device with all variants. Throws E_ADAPTER, saying what was tried, when there is none.
 * Dispose the Gpu when done; the process then ends by itself.
 */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  const dawn = await loadDawn();
  const way = await wayTo(options.adapter);
  const { adapter } = await ask(dawn, way);
  if (!adapter) {
    const trials = await tryAdapters();
    const tried = trials.map((t) => `  ${t.via}: ${t.found ? t.found.name : t.failure}`).join("\n");
    throw new TlxError(
      "E_ADAPTER",
      `openGpu: no WebGPU adapter found; tried:\n${tried}\nInstall your GPU's Vulkan driver, or Mesa's software one (Debian / Ubuntu: apt-get install mesa-vulkan-drivers), then run: tlx doctor`,
    );
  }
  const device = await requestDevice(adapter, options.minimal);
  if (!isSoftware(adapter.info)) return new Gpu(device, { owned: true, variants });
  const waiting = politeWaiting();
  const compiling = compileHelper(async () => {
    const { adapter: again } = await ask(dawn, way);
    return new Gpu(await requestDevice(again!, options.minimal), { owned: true, waiting });
  });
  return new Gpu(device, { owned: true, waiting, compiling, variants });
}
