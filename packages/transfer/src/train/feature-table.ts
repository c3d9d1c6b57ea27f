import { TlxError } from "@tlx/kernels";

/** Features of every sample in JS memory: row i belongs to sample i. */
export interface FeatureTable {
  /** Elements per sample. */
  readonly width: number;
  readonly labels: Uint32Array;
  readonly rows: Float32Array;
}

/** Gathers rows as they come and trims to those that arrived. */
export class FeatureTableBuilder {
  private readonly width: number;
  private readonly rows: Float32Array;
  private readonly labels: Uint32Array;
  private count = 0;

  constructor(width: number, capacity: number) {
    this.width = width;
    this.rows = new Float32Array(width * capacity);
    this.labels = new Uint32Array(capacity);
  }

  add(label: number, row: Float32Array): void {
    if (row.length !== this.width) {
      throw new TlxError("E_SHAPE", `features: expected rows of ${this.width} elements, found ${row.length}`);
    }
    this.rows.set(row, this.count * this.width);
    this.labels[this.count++] = label;
  }

  finish(): FeatureTable {
    const { width, count } = this;
    return { width, labels: this.labels.slice(0, count), rows: this.rows.slice(0, count * width) };
  }
}
