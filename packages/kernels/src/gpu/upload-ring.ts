/**
 * Large uploads through mapped buffers that are used in turn. Their content is made in place, memory is touched once and not
 * allocated for every upload, and whoever is faster than the device waits for it: what is under way is never more than the ring.
 *
 * Method   all buffers have one size, a power of two that grows with what is asked for; their number fits BUDGET
 */
import { Arena, MAP_WRITE_MODE, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";

/** Bytes of a ring, unless two buffers take more. */
const BUDGET = 2 ** 26;
const MOST_BUFFERS = 32;

interface Place {
  readonly buffer: GPUBuffer;
  /** Resolves when the device has read it and it is mapped again. */
  ready: Promise<unknown>;
}

/** A buffer of the ring, to be filled. */
export interface Upload {
  /** As many as were asked for; they hold what an earlier upload left. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Encodes the copy of all bytes to `target`. Once. */
  copyTo(encoder: GPUCommandEncoder, target: GPUBuffer, offset: number): void;
  /** Gives the buffer back, after the commands were submitted or when nothing was copied. */
  done(): void;
}

export class UploadRing {
  private readonly gpu: Gpu;
  private readonly label: string;
  private arena: Arena;
  private places: Place[] = [];
  private size = 0;
  private next = 0;

  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.label = `${label}/upload`;
    this.arena = new Arena(gpu, this.label);
  }

  /** A buffer for `bytes` bytes, a multiple of 4; waits for the oldest upload where all are under way. One at a time. */
  async take(bytes: number): Promise<Upload> {
    if (bytes > this.size) await this.grow(bytes);
    const place = this.places[this.next] ?? this.add();
    this.next = (this.next + 1) % this.count;
    await this.settle([place]);
    const { buffer } = place;
    let mapped = true;
    return {
      bytes: new Uint8Array(buffer.getMappedRange(0, bytes)),
      copyTo(encoder, target, offset) {
        buffer.unmap();
        mapped = false;
        encoder.copyBufferToBuffer(buffer, 0, target, offset, bytes);
      },
      done: () => {
        if (mapped) buffer.unmap();
        place.ready = this.gpu.wait(buffer.mapAsync(MAP_WRITE_MODE));
        place.ready.catch(() => {}); // thrown when its turn comes, which may be never
      },
    };
  }

  private get count(): number {
    return Math.max(2, Math.min(MOST_BUFFERS, Math.floor(BUDGET / this.size)));
  }

  private add(): Place {
    const buffer = this.arena.buffer(this.size, Usage.MAP_WRITE | Usage.COPY_SRC, "staging", true);
    const place = { buffer, ready: Promise.resolve() };
    this.places.push(place);
    return place;
  }

  /** Waits until the buffers may be written; a ring that was disposed meanwhile says so. */
  private async settle(places: readonly Place[]): Promise<void> {
    try {
      await Promise.all(places.map(({ ready }) => ready));
    } finally {
      this.arena.assertUsable();
    }
  }

  /** Another ring of larger buffers, once all of this one are read. */
  private async grow(bytes: number): Promise<void> {
    this.arena.assertUsable();
    await this.settle(this.places);
    this.arena.dispose();
    this.arena = new Arena(this.gpu, this.label);
    this.places = [];
    this.next = 0;
    this.size = Math.max(2 ** 16, 2 ** Math.ceil(Math.log2(bytes)));
  }

  dispose(): void {
    this.arena.dispose();
  }
}
