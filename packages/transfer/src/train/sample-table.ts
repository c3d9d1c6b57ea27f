import type { Sample } from "../data/dataset.js";

/** The samples of a split that can be read. Equal pictures have equal hashes. */
export interface SampleTable {
  readonly samples: readonly Sample[];
  /** SHA-256 of their files, in hexadecimal. */
  readonly hashes: readonly string[];
  readonly labels: Uint32Array;
}
