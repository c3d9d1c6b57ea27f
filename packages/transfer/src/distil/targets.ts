/** What the teacher said of every picture: a row of its outputs per view, from a store, mixed as the pictures are. */
import type { Program } from "@tlx/nn";
import type { FeatureStore } from "../features/feature-store.js";
import type { Frontier } from "../train/feed.js";
import { partnerOf } from "../train/live-feed.js";
import type { Mixing } from "../train/mixing.js";

export class Targets {
  private readonly stores: readonly FeatureStore[];
  private readonly outputs: readonly Frontier[];
  private rows = new Float32Array(0);

  /** A store for each view, with rows of `outputs` one after the other. */
  constructor(stores: readonly FeatureStore[], outputs: readonly Frontier[]) {
    this.stores = stores;
    this.outputs = outputs;
  }

  /** The rows of the pictures `hashes` in view `view`, by output. One call at a time. */
  async read(hashes: readonly string[], view: number): Promise<ReadonlyMap<string, Float32Array>> {
    const store = this.stores[view] as FeatureStore;
    const length = hashes.length * store.width;
    if (this.rows.length < length) this.rows = new Float32Array(length);
    await store.read(hashes, this.rows.subarray(0, length));
    let offset = 0;
    const read = new Map<string, Float32Array>();
    for (const { name, spec } of this.outputs) {
      const width = spec.shape[1] as number;
      const values = new Float32Array(hashes.length * width);
      for (let i = 0; i < hashes.length; i++) {
        const from = i * store.width + offset;
        values.set(this.rows.subarray(from, from + width), i * width);
      }
      read.set(name, values);
      offset += width;
    }
    return read;
  }

  /**
   * Writes the rows into the inputs "teacher/..." of a student. Where pictures are mixed, rows are blended by the same share: of
   * a pasted rectangle that is nearly what an average over places gives, and of blended pictures what mixup takes labels to be.
   */
  async feed(program: Program, hashes: readonly string[], view: number, mixing?: Mixing): Promise<void> {
    for (const [name, values] of await this.read(hashes, view)) {
      program.write(`teacher/${name}`, mixing ? blend(values, hashes.length, mixing.share) : values);
    }
  }
}

function blend(rows: Float32Array, count: number, share: number): Float32Array {
  const width = rows.length / count;
  const blended = new Float32Array(rows.length);
  for (let i = 0; i < count; i++) {
    const partner = partnerOf(i, count) * width;
    for (let k = 0; k < width; k++) {
      blended[i * width + k] = share * rows[i * width + k]! + (1 - share) * rows[partner + k]!;
    }
  }
  return blended;
}
