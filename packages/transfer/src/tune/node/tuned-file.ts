/** Kernel choices in the cache folder: kernels/<digest of adapter, driver and version of tlx>.json */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { replaceFile, writeFailure } from "../../run/node/write-file.js";
import { cacheFolder } from "../../weights/node/cache-folder.js";
import {
  ownerOf,
  readRecord,
  recordOf,
  type TunedChoices,
  type TunedOwner,
  type TunedStore,
} from "../tuned-kernels.js";

export interface TunedFileOptions {
  /** Version of tlx. */
  readonly tlx: string;
  /** Cache folder. Default: `cacheFolder()`. */
  readonly cache?: string;
}

/** Where choices of `gpu` are kept. Its `add` throws E_DATA naming a path that cannot be written. */
export function tunedFile(gpu: Gpu, { tlx, cache = cacheFolder() }: TunedFileOptions): TunedStore {
  const owner = ownerOf(gpu, tlx);
  const digest = createHash("sha256")
    .update(JSON.stringify([owner.adapter, owner.tlx]))
    .digest("hex");
  const file = path.join(cache, "kernels", `${digest.slice(0, 16)}.json`);
  return {
    place: file,
    load: (warn) => load(file, owner, warn),
    async add(choices) {
      const known = await load(file, owner, () => {}); // what cannot be read is replaced
      await mkdir(path.dirname(file), { recursive: true }).catch((error) => {
        throw writeFailure(path.dirname(file), error);
      });
      const text = JSON.stringify(recordOf(owner, new Map([...known, ...choices])), null, 1);
      await replaceFile(file, `${text}\n`);
    },
  };
}

/**
 * The kernels of a run, from its kernels.json; none where it has no such file.
 * Throws E_USAGE when they are of another adapter or version of tlx, or damaged.
 */
export async function readKernels(file: string, gpu: Gpu, tlx: string): Promise<TunedChoices> {
  let refused: string | undefined;
  const choices = await load(file, ownerOf(gpu, tlx), (message) => {
    refused = message;
  });
  if (refused === undefined) return choices;
  throw new TlxError("E_USAGE", `kernels: ${refused}`);
}

async function load(file: string, owner: TunedOwner, warn: (message: string) => void): Promise<TunedChoices> {
  const refuse = (reason: string): TunedChoices => {
    warn(`the tuned kernels in "${file}" cannot be used: ${reason}`);
    return new Map();
  };
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? new Map() : refuse(`they cannot be read (${code})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("it is damaged");
  }
  const read = readRecord(value, owner);
  return typeof read === "string" ? refuse(read) : read;
}
