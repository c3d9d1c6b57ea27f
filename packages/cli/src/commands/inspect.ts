import {
  bytesOf,
  defaultCapabilities,
  formatSpec,
  type Gpu,
  type HostTensor,
  type Spec,
  sizeOf,
  TlxError,
} from "@tlx/kernels";
import { allVariants } from "@tlx/kernels/variants";
import {
  formatTable,
  type LoweredNode,
  lowerGraph,
  type Network,
  optimizeForInference,
  type Plan,
  Program,
  planMemory,
  profileProgram,
  splitBatch,
} from "@tlx/nn";
import { buildNetworkGraph, formatMegabytes, loadPretrained, type Model } from "@tlx/transfer";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import { loadModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, wholeNumber } from "../options.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface InspectOptions extends AdapterOptions {
  readonly weights?: string;
  readonly batch: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

const help = `
Shown is the network as it runs: batch norm and activations folded into the convolutions before them. Which kernel
variant computes a layer depends on the GPU; where there is none, WebGPU's default limits are assumed.
No weights are needed: structure, memory and time depend on shapes only. With --weights the file is checked too.

Examples:
  $ tlx inspect mobilenet-v2
  $ tlx inspect squeezenet-1.1 --batch 8 --profile --adapter software`;

export function inspectCommand(context: Context): Command {
  const command = new Command("inspect")
    .description(
      "Show a network: layers, shapes, parameters, memory plan, kernels, and with --profile the time of each.",
    )
    .argument("<model>", "name of the network, as in tlx models, or path of a module that exports one")
    .addOption(new Option("--weights <file>", "check this weights file against the network and use it"))
    .addOption(new Option("--batch <n>", "pictures per pass").argParser(wholeNumber(1)).default(1))
    .addOption(new Option("--profile", "measure every layer on the GPU (needs one with timestamp queries)"))
    .addOption(jsonOption("everything"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((name: string, options: InspectOptions) => inspect(context, name, options));
}

interface Layer {
  readonly path: string;
  readonly op: string;
  readonly result: string;
  readonly parameters: number;
  readonly variant: string;
  readonly dispatches: number;
  readonly ms?: number;
}

interface Inspection {
  readonly model: string;
  readonly adapter: string;
  readonly batch: number;
  /** Of the network as published, before folding. */
  readonly parameters: number;
  readonly layers: readonly Layer[];
  /** Pictures per pass over the network: less than the batch where a value would exceed the binding limit. */
  readonly microBatch: number;
  readonly dispatches: number;
  readonly memory: {
    readonly weights: number;
    readonly planned: number;
    readonly unplanned: number;
    readonly slots: number;
  };
  /** Sum over the layers, in milliseconds. */
  readonly ms?: number;
}

async function inspect(context: Context, name: string, options: InspectOptions): Promise<void> {
  const { report } = context;
  const model = await loadModel(name);
  const network = optimizeForInference(await makeNetwork(context, model, options));
  const inspection = await withGpuOrWithout(options, async (gpu) => {
    const base = describe(model, network, gpu, options.batch);
    return options.profile && gpu ? addTimes(base, await profile(gpu, network)) : base;
  });
  if (options.json) return report.printJson(inspection);
  if (options.profile && options.weights === undefined) {
    report.say("times are of made-up weights: they depend on shapes only");
  }
  report.print(formatInspection(inspection));
}

/** The network with the weights of a file, or with made-up ones. */
async function makeNetwork(context: Context, model: Model, { weights, batch }: InspectOptions): Promise<Network> {
  if (weights !== undefined) {
    const { checkpoint } = await loadCheckpoint(context, model, { weights });
    return loadPretrained(model, checkpoint, { batch });
  }
  const graph = buildNetworkGraph(model, { batch, form: "separate" });
  const tensors = [...graph.params, ...graph.states].map(([path, { spec }]): [string, HostTensor] => [
    path,
    small(spec),
  ]);
  return { graph, weights: new Map(tensors) };
}

const small = (spec: Spec): HostTensor => ({ spec, data: new Float32Array(sizeOf(spec)).fill(0.01) });

/** Only a profile and an adapter that was asked for need a GPU. */
async function withGpuOrWithout<T>(options: InspectOptions, use: (gpu: Gpu | undefined) => Promise<T>): Promise<T> {
  let opened = false;
  try {
    return await withGpu(options, (gpu) => {
      opened = true;
      return use(gpu);
    });
  } catch (error) {
    const none = error instanceof TlxError && error.code === "E_ADAPTER" && !opened;
    if (!none || options.profile || options.adapter) throw error;
    return use(undefined);
  }
}

function describe(model: Model, network: Network, gpu: Gpu | undefined, batch: number): Inspection {
  const caps = gpu?.capabilities ?? { ...defaultCapabilities, variants: allVariants };
  const part = splitBatch(network.graph, caps);
  const nodes = lowerGraph(part, caps);
  const plan: Plan = planMemory(part, nodes, caps.maxBufferSize);
  const owned = new Set([...part.params.values(), ...part.states.values()]);
  const microBatch = [...part.inputs.values()][0]!.spec.shape[0]!;
  const layers = nodes.map(({ node, variant, lowered }: LoweredNode): Layer => {
    const parameters = node.inputs.filter((v) => owned.has(v)).reduce((sum, v) => sum + sizeOf(v.spec), 0);
    const result = node.outputs.map((v) => formatSpec(v.spec)).join(" ");
    return { path: node.path, op: node.op.name, result, parameters, variant, dispatches: lowered.dispatches.length };
  });
  const sum = (sizes: Iterable<number>): number => [...sizes].reduce((a, b) => a + b, 0);
  return {
    model: model.name,
    adapter: gpu ? describeAdapter(gpu) : "none; WebGPU's default limits are assumed",
    batch,
    parameters: model.card.parameters,
    layers,
    microBatch,
    dispatches: sum(layers.map((l) => l.dispatches)) * Math.ceil(batch / microBatch),
    memory: {
      weights: sum([...network.weights.values()].map((t) => bytesOf(t.spec))),
      planned: plan.plannedBytes,
      unplanned: plan.unplannedBytes,
      slots: plan.slots.length,
    },
  };
}

/** Runs of each layer per measurement: adapters round timestamps. */
const repeats = 10;

/** Milliseconds of every dispatch of one pass, in order. */
async function profile(gpu: Gpu, network: Network): Promise<number[]> {
  const program = await Program.compile(gpu, network.graph, network.weights, { label: "inspect" });
  try {
    await profileProgram(gpu, program); // caches and clocks warm up
    return (await profileProgram(gpu, program, repeats)).map((step) => step.ms);
  } finally {
    program.dispose();
  }
}

/** `times` has one entry per dispatch; a layer may take several. */
function addTimes(base: Inspection, times: readonly number[]): Inspection {
  let next = 0;
  const layers = base.layers.map((layer) => {
    const own = times.slice(next, next + layer.dispatches);
    next += layer.dispatches;
    return { ...layer, ms: own.reduce((a, b) => a + b, 0) };
  });
  return { ...base, layers, ms: layers.reduce((sum, l) => sum + l.ms, 0) };
}

export function formatInspection(i: Inspection): string {
  const timed = i.ms !== undefined;
  const rows = i.layers.map((l) => [
    ...[l.path, l.op, l.result, l.parameters, l.variant, l.dispatches],
    ...(timed ? [l.ms!.toFixed(3).padStart(8), `${((100 * l.ms!) / i.ms!).toFixed(1)} %`.padStart(6)] : []),
  ]);
  const header = ["layer", "op", "result", "params", "variant", "dispatches", ...(timed ? ["      ms", " share"] : [])];
  const { memory } = i;
  const saved = memory.unplanned > 0 ? `, ${(memory.unplanned / memory.planned).toFixed(1)} times less` : "";
  return [
    formatTable(header, rows),
    "",
    `model       ${i.model}, batch ${i.batch}${i.microBatch < i.batch ? ` in passes of ${i.microBatch}` : ""}`,
    `adapter     ${i.adapter}`,
    `parameters  ${i.parameters.toLocaleString("en-US")}`,
    `weights     ${formatMegabytes(memory.weights)} on the GPU`,
    `memory      ${formatMegabytes(memory.planned)} in ${memory.slots} slots for intermediate values, ${formatMegabytes(memory.unplanned)} without a plan${saved}`,
    `dispatches  ${i.dispatches}${i.microBatch < i.batch ? " in all passes" : ""}`,
    ...(timed ? [`time        ${i.ms!.toFixed(2)} ms, the sum of the layers of one pass of ${i.microBatch}`] : []),
  ].join("\n");
}
