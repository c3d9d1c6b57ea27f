import { TlxError } from "@tlx/kernels";
import { type Checkpoint, formatMegabytes, type Model, parseSafetensors, type ResolvedWeights } from "@tlx/transfer";
import { readWeightsFile, resolveWeights } from "@tlx/transfer/node";
import type { Context } from "./context.js";
import type { WeightsOptions } from "./options.js";

export interface LoadedCheckpoint extends ResolvedWeights {
  readonly checkpoint: Checkpoint;
}

/** Finds and reads the weights of a model as the options say, with a bar for a download. */
export async function loadCheckpoint(
  { report, signal }: Context,
  model: Model,
  { weights, cache, download, offline }: WeightsOptions,
): Promise<LoadedCheckpoint> {
  const card = model.card.weights;
  const progress = report.progress({ label: `download of ${card.file}`, format: formatMegabytes });
  try {
    const found = await resolveWeights(card, {
      file: weights,
      cacheDir: cache,
      allowDownload: download,
      offline,
      signal,
      onProgress: progress.update,
    });
    return { ...found, checkpoint: parseNamed(found.path, await readWeightsFile(found.path)) };
  } finally {
    progress.end();
  }
}

/** Says which file it is that cannot be read. */
function parseNamed(path: string, bytes: Uint8Array): Checkpoint {
  try {
    return parseSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, `weights ${path}: ${error.message}`, error.details, error);
  }
}
