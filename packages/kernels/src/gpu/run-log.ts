/**
 * What runs of programs leave behind, read many at a time: behind each run its values are copied into a page, and a full page
 * is read while another one fills. So nobody waits for a value that was just submitted, and no more than `most` runs are under
 * way.
 */
import { Arena, MAP_READ_MODE, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";

/** Runs per page are doubled when a page took less than this, and halved above the other. */
const QUICK_MS = 20;
const SLOW_MS = 200;

/** The values of one run, with what its caller said of it. */
export interface LoggedRun<T> {
  readonly note: T;
  readonly values: Float32Array;
}

interface Page<T> {
  readonly buffer: GPUBuffer;
  readonly notes: T[];
  begun: number;
  reading: Promise<Float32Array> | undefined;
}

export class RunLog<T> {
  private readonly gpu: Gpu;
  private readonly arena: Arena;
  private readonly values: number;
  private readonly most: number;
  private readonly pages: [Page<T>, Page<T>];
  /** Runs per page, for now. */
  private size = 1;

  /** For `values` numbers a run, and `most` runs under way, at least 2. */
  constructor(gpu: Gpu, values: number, most: number) {
    this.gpu = gpu;
    this.values = values;
    this.most = Math.max(1, Math.floor(most / 2));
    this.arena = new Arena(gpu, "run log");
    const page = (): Page<T> => ({
      buffer: this.arena.buffer(4 * values * this.most, Usage.MAP_READ | Usage.COPY_DST, "page"),
      notes: [],
      begun: 0,
      reading: undefined,
    });
    this.pages = [page(), page()];
  }

  /** Commands that keep the numbers of `bindings`, f32 [1] each; to be submitted behind the run that makes them. */
  record(note: T, bindings: readonly GPUBufferBinding[]): GPUCommandBuffer {
    const [page] = this.pages;
    if (page.notes.length === 0) page.begun = performance.now();
    const at = 4 * this.values * page.notes.push(note) - 4 * this.values;
    const encoder = this.gpu.device.createCommandEncoder({ label: "run log" });
    bindings.forEach(({ buffer, offset = 0 }, i) => {
      encoder.copyBufferToBuffer(buffer, offset, page.buffer, at + 4 * i, 4);
    });
    return encoder.finish();
  }

  /** Call after a submission: runs whose turn it is, in order; none unless a page is full. Waits for the page before. */
  async next(): Promise<LoggedRun<T>[]> {
    if (this.pages[0].notes.length < this.size) return [];
    this.read();
    return this.finish(this.pages[0]);
  }

  /** All runs that were not handed out yet. */
  async rest(): Promise<LoggedRun<T>[]> {
    const before = await this.finish(this.pages[1]);
    if (this.pages[0].notes.length === 0) return before;
    this.read();
    return [...before, ...(await this.finish(this.pages[1]))];
  }

  /** Begins to read the page that fills, and turns to the other one. */
  private read(): void {
    const [page] = this.pages;
    page.reading = this.fetch(page);
    page.reading.catch(() => {}); // thrown when its turn comes, which may be never
    this.pages.reverse();
  }

  private async fetch({ buffer, notes }: Page<T>): Promise<Float32Array> {
    const bytes = 4 * this.values * notes.length;
    await this.gpu.wait(buffer.mapAsync(MAP_READ_MODE, 0, bytes));
    const values = new Float32Array(buffer.getMappedRange(0, bytes).slice(0));
    buffer.unmap();
    return values;
  }

  private async finish(page: Page<T>): Promise<LoggedRun<T>[]> {
    if (!page.reading) return [];
    const values = await page.reading;
    page.reading = undefined;
    const ms = performance.now() - page.begun;
    if (ms < QUICK_MS) this.size = Math.min(this.most, 2 * this.size);
    else if (ms > SLOW_MS) this.size = Math.max(1, this.size >> 1);
    const each = this.values;
    return page.notes.splice(0).map((note, i) => ({ note, values: values.subarray(i * each, (i + 1) * each) }));
  }

  dispose(): void {
    this.arena.dispose();
  }
}
