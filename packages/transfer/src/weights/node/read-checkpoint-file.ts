/** Reads weights of any format by their path. The shards of a TensorFlow.js model lie below the folder of its model.json. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { readTfjs } from "../formats/read-tfjs.js";
import { isTfjs, type ReadCheckpoint, readCheckpoint } from "../read-checkpoint.js";
import { readWeightsFile } from "./file.js";

/** A file of the folder of model.json. Throws E_WEIGHTS where a link leads elsewhere. */
export async function readShard(folder: string, name: string): Promise<Uint8Array> {
  const file = path.join(folder, name);
  const [base, real] = await Promise.all([realpath(folder), realpath(file).catch(() => undefined)]);
  if (real !== undefined && !real.startsWith(base + path.sep)) {
    throw new TlxError("E_WEIGHTS", `shard ${file}: expected a file beside model.json, found a link out of its folder`);
  }
  return readWeightsFile(file);
}

/** Throws E_WEIGHTS naming the file. */
export async function readCheckpointFile(file: string): Promise<ReadCheckpoint> {
  const bytes = await readWeightsFile(file);
  try {
    if (!isTfjs(bytes)) return await readCheckpoint(bytes);
    const folder = path.dirname(file);
    return { format: "TensorFlow.js", checkpoint: await readTfjs(bytes, (name) => readShard(folder, name)) };
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, `weights ${file}: ${error.message}`, error.details, error);
  }
}
