import { TlxError } from "@tlx/kernels";
import type { Checkpoint, StoredTensor } from "../safetensors.js";
import { readNpy } from "./npy.js";
import { readZipEntry, type ZipEntry } from "./zip.js";

const ending = ".npy";

/** Does numpy.savez write such an archive: arrays and nothing else? */
export const isNpz = (entries: ReadonlyMap<string, ZipEntry>): boolean =>
  entries.size > 0 && [...entries.keys()].every((name) => name.endsWith(ending));

/** The arrays of numpy.savez under their names. Throws E_WEIGHTS. */
export async function readNpz(entries: ReadonlyMap<string, ZipEntry>): Promise<Checkpoint> {
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries.values()) {
    const name = entry.name.slice(0, -ending.length);
    if (name === "") throw new TlxError("E_WEIGHTS", "NumPy archive: expected arrays with names, found one without");
    tensors.set(name, readNpy(name, await readZipEntry(entry)));
  }
  return { tensors, metadata: new Map() };
}
