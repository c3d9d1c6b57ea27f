import { stat } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import type { Dataset, Sample } from "../dataset.js";
import { type DescribedSample, hashDataset } from "../hash-dataset.js";

/** Files looked at at once. */
const together = 64;

async function sizeOfFile(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TlxError("E_DATA", `data: cannot look at "${file}" (${code}); it was there before`, { file }, error);
  }
}

async function describe(folder: string, samples: readonly Sample[]): Promise<DescribedSample[]> {
  const described: DescribedSample[] = [];
  for (let at = 0; at < samples.length; at += together) {
    const part = samples.slice(at, at + together).map(async ({ file, label }): Promise<DescribedSample> => {
      const name = path.relative(folder, file).split(path.sep).join("/");
      return [name, label, await sizeOfFile(file)];
    });
    described.push(...(await Promise.all(part)));
  }
  return described;
}

/** What a data set in `folder` is. Throws E_DATA naming a file that is gone. */
export async function dataIdentity(folder: string, { classes, train, val }: Dataset): Promise<string> {
  return hashDataset(classes, await describe(folder, train), await describe(folder, val));
}
