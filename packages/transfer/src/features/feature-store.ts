/** Rows of features by the SHA-256 of the picture file they were computed from. */
export interface FeatureStore {
  /** Elements per row. */
  readonly width: number;
  /** Is the row of this picture known? `hash` is in hexadecimal. */
  has(hash: string): boolean;
  /** Keeps a row; a hash that is known already keeps the row it has. Throws E_SHAPE for another width. */
  put(hash: string, row: Float32Array): Promise<void>;
  /** Writes the rows of `hashes` one after the other into `into`. Throws E_DATA for a hash that is not known. */
  read(hashes: readonly string[], into: Float32Array): Promise<void>;
  /** Makes the rows so far last, where the store lasts at all. */
  flush(): Promise<void>;
  /** Flushes and frees; the store is not used again. */
  close(): Promise<void>;
}
