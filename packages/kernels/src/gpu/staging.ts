import { TlxError } from "../errors.js";
import { bytesOf, formatSpec, type HostTensor, type Spec, sizeOf } from "../spec.js";
import { Arena, MAP_READ_MODE, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";

/** Typed array of `spec`'s element type over `bytes`. */
export function viewAs(spec: Spec, bytes: ArrayBuffer): HostTensor["data"] {
  if (spec.dtype === "f32") return new Float32Array(bytes);
  if (spec.dtype === "i32") return new Int32Array(bytes);
  if (spec.dtype === "u32") return new Uint32Array(bytes);
  return new Uint8Array(bytes);
}

/** Writes a host tensor into a buffer; Float64Array is rounded to f32. Throws E_SHAPE when the length does not match. */
export function upload(gpu: Gpu, buffer: GPUBuffer, tensor: HostTensor, offset = 0): void {
  gpu.assertUsable();
  const { spec } = tensor;
  if (tensor.data.length !== sizeOf(spec)) {
    throw new TlxError(
      "E_SHAPE",
      `upload: ${formatSpec(spec)} needs ${sizeOf(spec)} elements, found ${tensor.data.length}`,
    );
  }
  const data = tensor.data instanceof Float64Array ? Float32Array.from(tensor.data) : tensor.data;
  gpu.device.queue.writeBuffer(buffer, offset, data as Float32Array<ArrayBuffer>);
}

/**
 * Reads buffers back through mapped staging buffers that are reused. The copy is enqueued at once and later work may be
 * submitted before it arrives, so a loop never waits for the value it just asked for. A failed read rejects.
 */
export class Reader {
  private readonly gpu: Gpu;
  private readonly arena: Arena;
  private readonly free: GPUBuffer[] = [];

  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.arena = new Arena(gpu, `${label}/read`);
  }

  /** Contents of `buffer` from `offset` bytes on, as `spec` says. */
  async read(buffer: GPUBuffer, spec: Spec, offset = 0): Promise<HostTensor> {
    this.arena.assertUsable();
    const bytes = bytesOf(spec);
    const staging = this.take(bytes) ?? this.arena.buffer(bytes, Usage.MAP_READ | Usage.COPY_DST, "staging");
    const encoder = this.gpu.device.createCommandEncoder({ label: "read" });
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    this.gpu.device.queue.submit([encoder.finish()]);
    await this.gpu.wait(staging.mapAsync(MAP_READ_MODE, 0, bytes));
    const data = viewAs(spec, staging.getMappedRange(0, bytes).slice(0));
    staging.unmap();
    this.free.push(staging);
    return { spec, data };
  }

  /** The smallest free buffer that is large enough: the others are for reads that need them. */
  private take(bytes: number): GPUBuffer | undefined {
    let best = -1;
    this.free.forEach(({ size }, i) => {
      if (size >= bytes && !(best >= 0 && this.free[best]!.size <= size)) best = i;
    });
    return best >= 0 ? this.free.splice(best, 1)[0] : undefined;
  }

  dispose(): void {
    this.arena.dispose();
  }
}
