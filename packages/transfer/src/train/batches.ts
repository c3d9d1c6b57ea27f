import { shuffled } from "../data/dataset.js";
import type { FeatureTable } from "./feature-table.js";

/** One batch, ready to be written to a program's inputs. Padding samples have weight 0. */
export interface Batch {
  readonly features: Float32Array;
  readonly labels: Uint32Array;
  /** Sum to 1 over the real samples. */
  readonly weights: Float32Array;
  /** Real samples. */
  readonly count: number;
}

/** Batches over `order` (indices into the table); the last one is padded. */
export function* batchesOf(table: FeatureTable, order: readonly number[], size: number): Generator<Batch> {
  const { width, rows, labels } = table;
  for (let from = 0; from < order.length; from += size) {
    const part = order.slice(from, from + size);
    const batch = {
      features: new Float32Array(size * width),
      labels: new Uint32Array(size),
      weights: new Float32Array(size),
      count: part.length,
    };
    part.forEach((sample, i) => {
      batch.features.set(rows.subarray(sample * width, (sample + 1) * width), i * width);
      batch.labels[i] = labels[sample] as number;
      batch.weights[i] = 1 / part.length;
    });
    yield batch;
  }
}

/** The order of epoch `epoch` (from 1): a shuffle that depends on seed and epoch only. */
export function epochOrder(samples: number, seed: number, epoch: number): number[] {
  return shuffled(
    Array.from({ length: samples }, (_, i) => i),
    seed * 1000003 + epoch,
  );
}
