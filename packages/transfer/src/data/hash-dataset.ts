import { sha256 } from "../sha256.js";

/** A file by its path from the data folder, with slashes, its label and its size. */
export type DescribedSample = readonly [path: string, label: number, bytes: number];

/**
 * What a data set is, without decoding a picture: SHA-256 over class names and the samples of each split. Another place of the
 * folder gives the same.
 */
export const hashDataset = (
  classes: readonly string[],
  train: readonly DescribedSample[],
  val: readonly DescribedSample[],
): Promise<string> => sha256(new TextEncoder().encode(JSON.stringify([classes, train, val])));
