import {
  Arena,
  bytesOf,
  flattenOffsets,
  formatSpec,
  type Gpu,
  type HostTensor,
  Reader,
  type Spec,
  sameSpec,
  sizeOf,
  TlxError,
  Usage,
  u32,
  upload,
  viewAs,
} from "@tlx/kernels";
import { layBlock } from "../graph/block-layout.js";
import type { Graph, Weights } from "../graph/graph.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** How often a weight was changed: what was computed from it before is out of date. */
export interface Changes {
  count: number;
}

/** Where a weight lies: `offset` in bytes. What lies in one buffer changes together. */
interface Held {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly spec: Spec;
  readonly changes: Changes;
}

/** Params and states on a device, by path. Several programs may share one (training and evaluation do). */
export class Params {
  private readonly gpu: Gpu;
  private readonly arena: Arena;
  private readonly reader: Reader;
  private readonly label: string;
  private readonly held = new Map<string, Held>();
  /** Paths of blocks: their content is that of the params they hold. */
  private readonly blocks = new Map<string, Held>();

  /**
   * Uploads `weights`. The params that an optimizer of `graph` updates together lie in one buffer; states beside it that
   * `weights` leaves out start as the graph says. Throws E_WEIGHTS when such a param or a mask is missing or of another shape.
   */
  constructor(gpu: Gpu, weights: Weights, label = "params", graph?: Graph) {
    this.gpu = gpu;
    this.label = label;
    this.arena = new Arena(gpu, label);
    this.reader = new Reader(gpu, label);
    try {
      for (const path of graph?.blocks.keys() ?? []) this.reserve(graph!, path, weights);
      for (const [path, tensor] of weights) {
        if (this.blocks.has(path)) {
          throw new TlxError("E_WEIGHTS", `${label}: "${path}" is laid over params; give those instead`);
        }
        if (!this.held.has(path)) this.held.set(path, this.make(path, tensor.spec));
        this.write(path, tensor);
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  private make(path: string, spec: Spec): Held {
    return { buffer: this.arena.buffer(bytesOf(spec), usage, path), offset: 0, spec, changes: { count: 0 } };
  }

  /** Lays out a block and the states beside it; a fresh buffer is zero, and so is what lies between params. */
  private reserve(graph: Graph, path: string, weights: Weights): void {
    const { params, beside } = graph.blocks.get(path)!;
    const block = this.make(path, graph.states.get(path)!.spec);
    this.blocks.set(path, block);
    const specs = params.map((p) => graph.params.get(p)!.spec);
    const offsets = flattenOffsets(specs);
    const given = (p: string): HostTensor => {
      const tensor = weights.get(p);
      if (!tensor) throw new TlxError("E_WEIGHTS", `${this.label}: there is no weight "${p}"`);
      return tensor;
    };
    params.forEach((p, i) => {
      given(p);
      this.held.set(p, { ...block, offset: 4 * offsets[i]!, spec: specs[i]! });
    });
    for (const [p, start] of beside) {
      if (start === "given") given(p);
      this.held.set(p, this.make(p, block.spec));
      if (start === "block" && !weights.has(p))
        this.write(
          p,
          layBlock(graph, path, (param) => given(param).data),
        );
    }
  }

  get bytes(): number {
    return this.arena.bytes;
  }

  /** Throws E_USAGE after dispose, E_DEVICE when the device is gone. */
  assertUsable(): void {
    this.arena.assertUsable();
  }

  private find(path: string): Held {
    this.assertUsable();
    const found = this.held.get(path) ?? this.blocks.get(path);
    if (!found) throw new TlxError("E_WEIGHTS", `${this.label}: there is no weight "${path}"`);
    return found;
  }

  /** Throws E_WEIGHTS when there is no such path, or when it does not hold what `spec` says. */
  binding(path: string, spec?: Spec): Required<GPUBufferBinding> {
    const { buffer, offset, spec: found } = this.find(path);
    if (spec && !sameSpec(spec, found)) {
      throw new TlxError(
        "E_WEIGHTS",
        `${this.label}: the network needs "${path}" as ${formatSpec(spec)}, found ${formatSpec(found)}`,
      );
    }
    return { buffer, offset, size: bytesOf(found) };
  }

  /** Throws E_WEIGHTS unless the params of block `path` of `graph` lie in it here too. */
  assertBlock(graph: Graph, path: string): void {
    const buffer = this.blocks.get(path)?.buffer;
    if (graph.blocks.get(path)!.params.some((p) => this.find(p).buffer !== buffer)) {
      throw new TlxError(
        "E_WEIGHTS",
        `${this.label}: expected "${path}" to hold the params that are trained, found them apart; make the params for the training graph`,
      );
    }
  }

  /** Replaces a weight. Throws E_SHAPE when `tensor` is of another shape. */
  write(path: string, tensor: HostTensor): void {
    const { buffer, offset, spec, changes } = this.find(path);
    if (!sameSpec(spec, tensor.spec) || tensor.data.length !== sizeOf(spec)) {
      throw new TlxError(
        "E_SHAPE",
        `${this.label}: "${path}" is ${formatSpec(spec)}, found ${formatSpec(tensor.spec)} with ${tensor.data.length} elements`,
      );
    }
    upload(this.gpu, buffer, tensor, offset);
    changes.count++;
  }

  /** Counts the changes of a weight. Who writes to its buffer by other means than `write` and the runs of programs counts too. */
  changesOf(path: string): Changes {
    return this.find(path).changes;
  }

  /** Values of `paths` (all when left out), read back together: one copy for each buffer they lie in. */
  async read(paths: readonly string[] = [...this.held.keys()]): Promise<Map<string, HostTensor>> {
    const found = paths.map((path) => this.find(path));
    const spans = new Map<GPUBuffer, readonly [from: number, to: number]>();
    for (const { buffer, offset, spec } of found) {
      const [from, to] = spans.get(buffer) ?? [offset, offset];
      spans.set(buffer, [Math.min(from, offset), Math.max(to, offset + bytesOf(spec))]);
    }
    const contents = new Map(
      await Promise.all(
        [...spans].map(async ([buffer, [from, to]]) => {
          const { data } = await this.reader.read(buffer, u32((to - from) / 4), from);
          return [buffer, data.buffer as ArrayBuffer] as const;
        }),
      ),
    );
    return new Map(
      found.map(({ buffer, offset, spec }, i) => {
        const start = offset - spans.get(buffer)![0];
        const data = viewAs(spec, contents.get(buffer)!.slice(start, start + bytesOf(spec)));
        return [paths[i]!, { spec, data }];
      }),
    );
  }

  dispose(): void {
    this.reader.dispose();
    this.arena.dispose();
  }
}
