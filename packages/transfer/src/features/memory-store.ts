import { check, TlxError } from "@tlx/kernels";
import type { FeatureStore } from "./feature-store.js";

/** Rows in JS memory, for one run. */
export class MemoryFeatureStore implements FeatureStore {
  readonly width: number;
  private readonly rows = new Map<string, Float32Array>();

  constructor(width: number) {
    this.width = width;
  }

  /** Rows. */
  get size(): number {
    return this.rows.size;
  }

  entries(): IterableIterator<[hash: string, row: Float32Array]> {
    return this.rows.entries();
  }

  /** Forgets one row. */
  delete(hash: string): void {
    this.rows.delete(hash);
  }

  clear(): void {
    this.rows.clear();
  }

  has(hash: string): boolean {
    return this.rows.has(hash);
  }

  async put(hash: string, row: Float32Array): Promise<void> {
    checkWidth(row, this.width);
    if (!this.rows.has(hash)) this.rows.set(hash, row.slice());
  }

  async read(hashes: readonly string[], into: Float32Array): Promise<void> {
    for (const [i, hash] of hashes.entries()) {
      const row = this.rows.get(hash);
      if (!row) throw unknownRow(hash);
      into.set(row, i * this.width);
    }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.clear();
  }
}

export function checkWidth(row: Float32Array, width: number): void {
  check(
    row.length === width,
    "E_SHAPE",
    () => `features: expected rows of ${width} elements, found ${row.length}; each network has a store of its own`,
  );
}

const unknownRow = (hash: string): TlxError =>
  new TlxError("E_DATA", `features: expected a row of the picture ${hash}, found none; put it before reading it`);
