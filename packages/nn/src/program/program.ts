import {
  Arena,
  bytesOf,
  type ForcedVariants,
  formatSpec,
  type Gpu,
  type HostTensor,
  type KernelChoices,
  type Launch,
  type Operand,
  prepareLaunches,
  Reader,
  replay,
  type Spec,
  sizeOf,
  TlxError,
  upload,
  type VariantSettings,
} from "@tlx/kernels";
import type { Graph, Weights } from "../graph/graph.js";
import { type LoweredNode, type Plan, planMemory } from "../plan.js";
import { allocate, type Buffers, type Port } from "./buffers.js";
import { changedPaths, constantsOf } from "./constants.js";
import { batchOf, lowerGraph, splitBatch } from "./lower.js";
import { type Changes, Params } from "./params.js";
import { allocatePrepared, Preparations } from "./preparations.js";

export interface CompileOptions {
  /** Shown in GPU errors and profiles. */
  readonly label?: string;
  /** Variants forced by op name. */
  readonly variants?: ForcedVariants;
  /** Variants with settings by problem; where there is none, the default for this adapter. */
  readonly choices?: KernelChoices;
  /** "half": products round their factors to float16 where a kernel does, and sum in float32. Default: float32 only. */
  readonly precision?: "half";
}

export interface NodeVariant {
  readonly path: string;
  readonly op: string;
  readonly variant: string;
  /** Undefined when the variant has none. */
  readonly settings: VariantSettings | undefined;
}

export interface CompileInfo {
  readonly dispatches: number;
  readonly plan: Plan;
  /** Samples per pass over the network: less than the batch when a value would exceed the binding limit. */
  readonly microBatch: number | undefined;
  /** How every node is computed. */
  readonly variants: readonly NodeVariant[];
}

/**
 * A graph ready on one device. `run()` only enqueues: one compute pass, prebuilt bind groups, one submit.
 * Reading waits for the result; reads may overlap later runs.
 */
export class Program {
  readonly info: CompileInfo;
  private readonly gpu: Gpu;
  private readonly label: string;
  private readonly arena: Arena;
  private readonly reader: Reader;
  private readonly launches: readonly Launch[];
  private readonly preparations: Preparations;
  /** Of the weights that a run updates. */
  private readonly changes: readonly Changes[];
  private readonly inputs: ReadonlyMap<string, Port>;
  private readonly outputs: ReadonlyMap<string, Port>;
  /** First sample of every pass; undefined when one pass does the whole batch. */
  private readonly chunks: readonly number[] | undefined;
  private readonly params: Params;
  private readonly ownsParams: boolean;

  private constructor(parts: {
    gpu: Gpu;
    label: string;
    arena: Arena;
    launches: readonly Launch[];
    preparations: Preparations;
    changes: readonly Changes[];
    buffers: Buffers;
    chunks: readonly number[] | undefined;
    params: Params;
    ownsParams: boolean;
    info: CompileInfo;
  }) {
    this.gpu = parts.gpu;
    this.label = parts.label;
    this.arena = parts.arena;
    this.reader = new Reader(parts.gpu, parts.label);
    this.launches = parts.launches;
    this.preparations = parts.preparations;
    this.changes = parts.changes;
    this.inputs = parts.buffers.inputs;
    this.outputs = parts.buffers.outputs;
    this.chunks = parts.chunks;
    this.params = parts.params;
    this.ownsParams = parts.ownsParams;
    this.info = parts.info;
  }

  /**
   * Chooses variants, plans memory, compiles all pipelines in parallel and builds every bind group.
   * `weights` are uploaded and owned by the program; a `Params` stays the caller's and may be shared.
   */
  static async compile(
    gpu: Gpu,
    graph: Graph,
    weights: Weights | Params,
    options: CompileOptions = {},
  ): Promise<Program> {
    const label = options.label ?? "program";
    const part = splitBatch(graph, gpu.capabilities);
    const lowered = lowerGraph(part, gpu.capabilities, {
      forced: options.variants,
      choices: options.choices,
      precision: options.precision,
    });
    const plan = planMemory(part, lowered, gpu.capabilities.maxBufferSize);
    const arena = new Arena(gpu, label);
    let params = weights instanceof Params ? weights : undefined;
    try {
      const buffers = await gpu.guarded(label, () => {
        params ??= new Params(gpu, weights as Weights, `${label}/params`, graph);
        return allocate(arena, graph, part, plan, params);
      });
      const prepared = await gpu.guarded(label, () => allocatePrepared(arena, lowered));
      const resolve = resolver(lowered, plan, buffers, prepared);
      const launches = await prepareLaunches(gpu, arena, bindAll(lowered, resolve));
      const preparations = await Preparations.compile(gpu, arena, label, {
        nodes: lowered,
        params: params!,
        constants: constantsOf(part),
        resolve,
      });
      preparations.refresh();
      const chunks = part === graph ? undefined : chunkStarts(batchOf(graph)!, batchOf(part)!);
      const info: CompileInfo = {
        dispatches: launches.length * (chunks?.length ?? 1),
        plan,
        microBatch: batchOf(part),
        variants: lowered.map(({ node, variant, settings }) => ({
          path: node.path,
          op: node.op.name,
          variant,
          settings,
        })),
      };
      return new Program({
        gpu,
        label,
        arena,
        launches,
        preparations,
        changes: [...changedPaths(part)].map((path) => params!.changesOf(path)),
        buffers,
        chunks,
        params: params!,
        ownsParams: params !== weights,
        info,
      });
    } catch (error) {
      arena.dispose();
      if (params !== weights) params?.dispose();
      throw error;
    }
  }

  /** GPU bytes of slots, inputs, outputs, prepared values and arguments; params count where they are owned. */
  get bytes(): number {
    return this.arena.bytes + (this.ownsParams ? this.params.bytes : 0);
  }

  /** Throws E_USAGE when this program or its params are disposed: the device would report that later and for all. */
  private assertUsable(): void {
    this.arena.assertUsable();
    this.params.assertUsable();
  }

  private port(kind: "inputs" | "outputs", name: string): Port {
    this.assertUsable();
    const port = this[kind].get(name);
    if (port) return port;
    const known = [...this[kind].keys()].join(", ");
    throw new TlxError("E_USAGE", `${this.label}: there is no ${kind.slice(0, -1)} "${name}"; there are: ${known}`);
  }

  /** The buffer an input is read from, for producers that write it on the GPU. */
  inputBuffer(name: string): GPUBuffer {
    return this.port("inputs", name).buffer;
  }

  /** Where a result is left. */
  outputBinding(name: string): GPUBufferBinding {
    const { buffer, offset, spec } = this.port("outputs", name);
    return { buffer, offset, size: bytesOf(spec) };
  }

  /** Feeds an input from JS memory. Throws E_SHAPE when the number of elements does not match. */
  write(name: string, data: HostTensor["data"]): void {
    const { spec, buffer } = this.port("inputs", name);
    if (data.length !== sizeOf(spec)) {
      throw new TlxError(
        "E_SHAPE",
        `${this.label}: input "${name}" is ${formatSpec(spec)} and needs ${sizeOf(spec)} elements, found ${data.length}`,
      );
    }
    upload(this.gpu, buffer, { spec, data });
  }

  /** Enqueues one run. Throws E_DEVICE when the device is lost. */
  run(): void {
    this.gpu.device.queue.submit([this.encode()]);
  }

  /**
   * The commands of one run, not yet submitted: the host's whole work, for benches and for callers that add commands of their
   * own. Submit them before another program on the same params is encoded or run.
   */
  encode(): GPUCommandBuffer {
    this.begin();
    const encoder = this.gpu.device.createCommandEncoder({ label: this.label });
    if (this.chunks) {
      for (const start of this.chunks) this.encodeChunk(encoder, start);
    } else {
      this.encodePass(encoder);
    }
    return encoder.finish();
  }

  /** Prepares for a run that the caller makes of the launches of a pass, which it gets. */
  begin(): readonly Launch[] {
    this.assertUsable();
    this.preparations.refresh();
    for (const changes of this.changes) changes.count++;
    return this.launches;
  }

  private encodePass(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass({ label: this.label });
    replay(pass, this.launches);
    pass.end();
  }

  private encodeChunk(encoder: GPUCommandEncoder, start: number): void {
    for (const { spec, buffer, micro, microBytes } of this.inputs.values()) {
      encoder.copyBufferToBuffer(buffer, start * bytesPerSample(spec), micro, 0, microBytes);
    }
    this.encodePass(encoder);
    for (const { spec, buffer, micro, microBytes } of new Set(this.outputs.values())) {
      encoder.copyBufferToBuffer(micro, 0, buffer, start * bytesPerSample(spec), microBytes);
    }
  }

  /** The value a run left under `name`. */
  async read(name: string): Promise<HostTensor> {
    const { spec, buffer, offset } = this.port("outputs", name);
    return this.reader.read(buffer, spec, offset);
  }

  dispose(): void {
    this.reader.dispose();
    if (this.ownsParams) this.params.dispose();
    this.arena.dispose();
  }
}

const bytesPerSample = (spec: Spec): number => bytesOf(spec) / spec.shape[0]!;

/** Starts of the passes; the last one overlaps its neighbour rather than needing a smaller program. */
function chunkStarts(whole: number, micro: number): number[] {
  const starts: number[] = [];
  for (let s = 0; s < whole; s += micro) starts.push(Math.min(s, whole - micro));
  return starts;
}

type Resolve = (i: number, operand: Operand) => GPUBufferBinding;

/** Where the operands of node i lie. */
const resolver = (
  nodes: readonly LoweredNode[],
  plan: Plan,
  buffers: Buffers,
  prepared: readonly (readonly GPUBuffer[])[],
): Resolve => {
  const whole: Resolve = (i, operand) => {
    const { node, lowered } = nodes[i]!;
    if ("scratch" in operand) {
      const size = bytesOf(lowered.scratch![operand.scratch]!);
      const { slot, offset } = plan.scratchPlaces[i]![operand.scratch]!;
      return { buffer: buffers.slots[slot]!, offset, size };
    }
    if ("prepared" in operand) return { buffer: prepared[i]![operand.prepared]! };
    return buffers.of("input" in operand ? node.inputs[operand.input]! : node.outputs[operand.output]!);
  };
  return (i, operand) => {
    const binding = whole(i, operand);
    const { part } = operand;
    return part ? { ...binding, offset: (binding.offset ?? 0) + 4 * part.from, size: 4 * part.count } : binding;
  };
};

const bindAll = (nodes: readonly LoweredNode[], resolve: Resolve): Parameters<typeof prepareLaunches>[2] =>
  nodes.flatMap(({ node, variant, lowered }, i) =>
    lowered.dispatches.map((dispatch) => ({
      label: `${node.path} ${node.op.name}/${variant}`,
      dispatch,
      resolve: (operand: Operand) => resolve(i, operand),
    })),
  );
