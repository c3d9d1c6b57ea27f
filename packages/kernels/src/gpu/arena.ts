import { TlxError } from "../errors.js";
import type { Gpu } from "./gpu.js";

/**
 * Owner of GPU buffers, and the only caller of createBuffer. Everything long-lived owns one arena and frees it whole:
 * no reference counts, no freeing of single buffers.
 */
export class Arena {
  private readonly gpu: Gpu;
  private readonly label: string;
  private readonly buffers: GPUBuffer[] = [];
  private held = 0;
  private disposed = false;

  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.label = label;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.held;
  }

  /** Throws E_USAGE after dispose, E_DEVICE when the device is gone. */
  assertUsable(): void {
    if (this.disposed) throw new TlxError("E_USAGE", `${this.label}: was disposed and cannot be used any more`);
    this.gpu.assertUsable();
  }

  /** A buffer of at least `bytes` bytes (rounded up to 16), mapped if that is wanted. Throws E_LIMIT above maxBufferSize or the device's memory. */
  buffer(bytes: number, usage: GPUBufferUsageFlags, label: string, mappedAtCreation = false): GPUBuffer {
    this.assertUsable();
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const limit = this.gpu.capabilities.maxBufferSize;
    if (size > limit) {
      throw new TlxError(
        "E_LIMIT",
        `${this.label}/${label}: needs a buffer of ${size} bytes but this device allows ${limit}; use a smaller batch or picture size`,
        { size, limit, held: this.gpu.liveBytes },
      );
    }
    const buffer = this.create({ size, usage, mappedAtCreation, label: `${this.label}/${label}` });
    this.buffers.push(buffer);
    this.held += size;
    this.gpu.liveBytes += size;
    return buffer;
  }

  private create(descriptor: GPUBufferDescriptor): GPUBuffer {
    try {
      return this.gpu.device.createBuffer(descriptor);
    } catch (error) {
      // Where there is no memory to map it to; without mapping, the device reports it later.
      if (error instanceof RangeError) throw this.gpu.outOfMemory(descriptor.label as string, error.message);
      throw error;
    }
  }

  dispose(): void {
    this.disposed = true;
    for (const buffer of this.buffers) buffer.destroy();
    this.buffers.length = 0;
    this.gpu.liveBytes -= this.held;
    this.held = 0;
  }
}

/** WebGPU's usage bits; the global object is missing in Node, so the numbers of the standard stand here. */
export const Usage = {
  MAP_READ: 0x0001,
  MAP_WRITE: 0x0002,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  QUERY_RESOLVE: 0x0200,
} as const;

export const MAP_READ_MODE = 1;
export const MAP_WRITE_MODE = 2;
