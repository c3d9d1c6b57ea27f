import type { FeatureStore } from "../features/feature-store.js";

/** Features of every sample: the row of sample i is that of `hashes[i]` in the store. Equal pictures share a row. */
export interface FeatureTable {
  readonly store: FeatureStore;
  /** SHA-256 of the pictures, in hexadecimal. */
  readonly hashes: readonly string[];
  readonly labels: Uint32Array;
}
