/** What a pull notes beside a file of weights: "resnet50.pth.json". */
import { readFile } from "node:fs/promises";
import { replaceFile } from "../../run/node/write-file.js";

export interface PullRecord {
  /** Address or file that it came from. */
  readonly from: string;
  readonly sha256: string;
}

const recordOf = (target: string): string => `${target}.json`;

/** Undefined where there is none that can be read: then nothing is known. */
export async function readRecord(target: string): Promise<PullRecord | undefined> {
  try {
    const { from, sha256 } = JSON.parse(await readFile(recordOf(target), "utf8"));
    return typeof from === "string" && /^[0-9a-f]{64}$/.test(sha256) ? { from, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

export const writeRecord = (target: string, { from, sha256 }: PullRecord): Promise<void> =>
  replaceFile(recordOf(target), `${JSON.stringify({ from, sha256 }, null, 2)}\n`);
