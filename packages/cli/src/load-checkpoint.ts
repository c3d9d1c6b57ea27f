import { TlxError } from "@tlx/kernels";
import { adaptCheckpoint, type Checkpoint, formatMegabytes, type Model, type ResolvedWeights } from "@tlx/transfer";
import { readCheckpointFile, resolveWeights } from "@tlx/transfer/node";
import type { Context } from "./context.js";
import { findExport } from "./export/read-export.js";
import { mirrorOf } from "./mirror.js";
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
      from: mirrorOf(),
      hubToken: process.env.HF_TOKEN,
      model: model.name,
      signal,
      onProgress: progress.update,
    });
    return { ...found, checkpoint: await readFor(model, found.path) };
  } finally {
    progress.end();
  }
}

/** A file of any format and naming, as the network takes it. */
async function readFor(model: Model, path: string): Promise<Checkpoint> {
  const { checkpoint } = await readCheckpointFile(path).catch((error) => adviseImport(path, error));
  try {
    return adaptCheckpoint(model, checkpoint);
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, `weights ${path}: ${error.message.replace(/^weights: /, "")}`, error.details, error);
  }
}

/** Exports say more than weights, so they are no weights file until somebody says that only these are meant. */
async function adviseImport(path: string, error: unknown): Promise<never> {
  if (!(error instanceof TlxError) || !(await findExport(path))) throw error;
  const advice = "found an ONNX file or a graph model; tlx import makes weights of it";
  throw new TlxError(error.code, `weights ${path}: ${advice}`, error.details, error);
}
