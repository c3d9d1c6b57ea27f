/**
 * What a data set is, without decoding a picture: SHA-256 over class names and, per split, the path of every file from the
 * data folder, its label and its size. Another place of the folder gives the same.
 */
import { stat } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { sha256 } from "../../sha256.js";
import type { Dataset, Sample } from "../dataset.js";

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

async function describe(folder: string, samples: readonly Sample[]): Promise<unknown[]> {
  const described: unknown[] = [];
  for (let at = 0; at < samples.length; at += together) {
    const part = samples.slice(at, at + together).map(async ({ file, label }) => {
      const name = path.relative(folder, file).split(path.sep).join("/");
      return [name, label, await sizeOfFile(file)];
    });
    described.push(...(await Promise.all(part)));
  }
  return described;
}

/** Throws E_DATA naming a file that is gone. */
export async function dataIdentity(folder: string, { classes, train, val }: Dataset): Promise<string> {
  const text = JSON.stringify([classes, await describe(folder, train), await describe(folder, val)]);
  return sha256(new TextEncoder().encode(text));
}
