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

/** Gathers the samples `part` (indices into the table); the rest of the batch is padding. */
async function gatherBatch(
  { store, hashes, labels }: FeatureTable,
  part: readonly number[],
  size: number,
): Promise<Batch> {
  const batch = {
    features: new Float32Array(size * store.width),
    labels: new Uint32Array(size),
    weights: new Float32Array(size).fill(1 / part.length, 0, part.length),
    count: part.length,
  };
  for (const [i, sample] of part.entries()) batch.labels[i] = labels[sample] as number;
  const wanted = part.map((sample) => hashes[sample] as string);
  await store.read(wanted, batch.features);
  return batch;
}

/** Batches over `order` (indices into the table); the last one is padded. Each is gathered while the one before is used. */
export async function* batchesOf(table: FeatureTable, order: readonly number[], size: number): AsyncGenerator<Batch> {
  const gather = (from: number): Promise<Batch> => {
    const batch = gatherBatch(table, order.slice(from, from + size), size);
    // Its failure is thrown when its turn comes, which may be never.
    batch.catch(() => {});
    return batch;
  };
  if (order.length === 0) return;
  let next = gather(0);
  for (let from = size; from < order.length; from += size) {
    const batch = await next;
    next = gather(from);
    yield batch;
  }
  yield await next;
}

/** The order of epoch `epoch` (from 1): a shuffle that depends on seed and epoch only. */
export function epochOrder(samples: number, seed: number, epoch: number): number[] {
  return shuffled(
    Array.from({ length: samples }, (_, i) => i),
    seed * 1000003 + epoch,
  );
}
