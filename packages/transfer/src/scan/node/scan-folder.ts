/** A look at all pictures of a folder before anything is learned from them. */
import type { SplitOptions } from "../../data/class-folders.js";
import type { Dataset } from "../../data/dataset.js";
import { type DecodeAllOptions, decodeAll } from "../../data/node/decode-all.js";
import { imageFolder } from "../../data/node/image-folder.js";
import type { DataScan, SplitName } from "../data-scan.js";
import { Scanner } from "../scanner.js";

/** How far a scan is: pictures are read, then compared with one another. */
export interface ScanProgress {
  readonly stage: "reading" | "comparing";
  readonly done: number;
  readonly total: number;
}

export interface ScanOptions extends DecodeAllOptions {
  /** Called after every picture, and every so often while they are compared. */
  readonly progress?: (progress: ScanProgress) => void;
}

/**
 * Counts, sizes, unreadable pictures and copies in DIR/train/CLASS/* and DIR/val/CLASS/*, or in DIR/CLASS/*, split as training
 * splits it. Throws E_DATA for a folder that has neither form, the reason of `signal` when aborted.
 */
export async function scanFolder(dir: string, options: ScanOptions & SplitOptions = {}): Promise<DataScan> {
  const { split, seed, ...rest } = options;
  const given = { ...(split !== undefined && { split }), ...(seed !== undefined && { seed }) };
  return scanDataset(await imageFolder(dir, given), rest);
}

/** The same of a data set whose files are known. */
export async function scanDataset(data: Dataset, { progress, ...options }: ScanOptions = {}): Promise<DataScan> {
  const scanner = new Scanner(data);
  const total = data.train.length + data.val.length;
  const items = (["train", "val"] as const).flatMap((split) => data[split].map((sample) => ({ ...sample, split })));
  let done = 0;
  for await (const found of decodeAll<(typeof items)[number] & { readonly split: SplitName }>(items, options)) {
    const { item } = found;
    if ("picture" in found) scanner.add(item.split, item, found.hash, found.picture);
    else scanner.leaveOut(item.split, item, found.error.message);
    progress?.({ stage: "reading", done: ++done, total });
  }
  return scanner.finish(async (share) => {
    // Lets an interrupt come in.
    await new Promise((resume) => setImmediate(resume));
    options.signal?.throwIfAborted();
    progress?.({ stage: "comparing", done: Math.round(share * total), total });
  });
}
