import { Arena, type Gpu, Usage } from "@tlx/kernels";

const STORAGE = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** Buffers by use, kept from one use to the next and replaced by larger ones when needed. */
export class KeptBuffers {
  private readonly gpu: Gpu;
  private readonly label: string;
  private readonly held = new Map<string, { readonly arena: Arena; readonly buffer: GPUBuffer }>();

  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.label = label;
  }

  /** The buffer kept for `name`, replaced when it is smaller than `bytes`; sizes grow by powers of two. */
  get(name: string, bytes: number): GPUBuffer {
    const old = this.held.get(name);
    if (old && old.buffer.size >= bytes) return old.buffer;
    old?.arena.dispose();
    const arena = new Arena(this.gpu, this.label);
    const buffer = arena.buffer(2 ** Math.ceil(Math.log2(bytes)), STORAGE, name);
    this.held.set(name, { arena, buffer });
    return buffer;
  }

  dispose(): void {
    for (const { arena } of this.held.values()) arena.dispose();
    this.held.clear();
  }
}
