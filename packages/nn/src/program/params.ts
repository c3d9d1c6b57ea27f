import {
  Arena,
  bytesOf,
  formatSpec,
  type Gpu,
  type HostTensor,
  Reader,
  type Spec,
  sameSpec,
  sizeOf,
  TlxError,
  Usage,
  upload,
} from "@tlx/kernels";
import type { Weights } from "../graph/graph.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** Params and states on a device, by path. Several programs may share one (training and evaluation do). */
export class Params {
  private readonly gpu: Gpu;
  private readonly arena: Arena;
  private readonly reader: Reader;
  private readonly label: string;
  private readonly held = new Map<string, { readonly buffer: GPUBuffer; readonly spec: Spec }>();

  constructor(gpu: Gpu, weights: Weights, label = "params") {
    this.gpu = gpu;
    this.label = label;
    this.arena = new Arena(gpu, label);
    this.reader = new Reader(gpu, label);
    try {
      for (const [path, tensor] of weights) {
        const buffer = this.arena.buffer(bytesOf(tensor.spec), usage, path);
        this.held.set(path, { buffer, spec: tensor.spec });
        this.write(path, tensor);
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  get bytes(): number {
    return this.arena.bytes;
  }

  /** Throws E_USAGE after dispose, E_DEVICE when the device is gone. */
  assertUsable(): void {
    this.arena.assertUsable();
  }

  private find(path: string): { readonly buffer: GPUBuffer; readonly spec: Spec } {
    this.assertUsable();
    const found = this.held.get(path);
    if (!found) throw new TlxError("E_WEIGHTS", `${this.label}: there is no weight "${path}"`);
    return found;
  }

  /** Throws E_WEIGHTS when there is no such path, or when it does not hold what `spec` says. */
  buffer(path: string, spec?: Spec): GPUBuffer {
    const found = this.find(path);
    if (spec && !sameSpec(spec, found.spec)) {
      throw new TlxError(
        "E_WEIGHTS",
        `${this.label}: the network needs "${path}" as ${formatSpec(spec)}, found ${formatSpec(found.spec)}`,
      );
    }
    return found.buffer;
  }

  /** Replaces a weight. Throws E_SHAPE when `tensor` is of another shape. */
  write(path: string, tensor: HostTensor): void {
    const { buffer, spec } = this.find(path);
    if (!sameSpec(spec, tensor.spec) || tensor.data.length !== sizeOf(spec)) {
      throw new TlxError(
        "E_SHAPE",
        `${this.label}: "${path}" is ${formatSpec(spec)}, found ${formatSpec(tensor.spec)} with ${tensor.data.length} elements`,
      );
    }
    upload(this.gpu, buffer, tensor);
  }

  /** Values of `paths` (all when left out), read back together. */
  async read(paths: readonly string[] = [...this.held.keys()]): Promise<Map<string, HostTensor>> {
    const found = paths.map((path) => this.find(path));
    const tensors = await Promise.all(found.map(({ buffer, spec }) => this.reader.read(buffer, spec)));
    return new Map(paths.map((p, i) => [p, tensors[i]!]));
  }

  dispose(): void {
    this.reader.dispose();
    this.arena.dispose();
  }
}
