/** A trained model from its description and its weights, wherever they were read. */
import { TlxError } from "@tlx/kernels";
import { withInputSize } from "../models/input-size.js";
import { loadTransferred } from "../models/load.js";
import type { Model } from "../models/model.js";
import { sha256 } from "../sha256.js";
import { parseSafetensors } from "../weights/safetensors.js";
import type { LoadedRun, ModelDescription } from "./model-file.js";

export interface BuildRunOptions {
  /** Networks that the model may be of. */
  readonly models: readonly Model[];
  /** Pictures per pass. Default 1. */
  readonly batch?: number;
  /** Where the files are, for messages. */
  readonly from: string;
}

/**
 * Checks `weights` against the checksum of `description` and joins them to its network.
 * Throws E_USAGE when that is none of `models`, E_WEIGHTS for weights that are damaged or of another network.
 */
export async function buildRun(
  description: ModelDescription,
  weights: Uint8Array,
  { models, batch = 1, from }: BuildRunOptions,
): Promise<LoadedRun> {
  if ((await sha256(weights)) !== description.weightsSha256) {
    throw new TlxError(
      "E_WEIGHTS",
      `run: model.safetensors is damaged: its SHA-256 is not the one in model.json, both of "${from}"; restore the folder or train again`,
    );
  }
  const { architecture, preprocess, batchNorm, classes, hidden } = description;
  const model = models.find(({ name }) => name === architecture);
  if (!model) {
    const expected = models.map(({ name }) => name).join(", ");
    throw new TlxError(
      "E_USAGE",
      `run: expected a run of ${expected}, found one of "${architecture}" in "${from}"; give the module of your own network too`,
    );
  }
  const network = loadTransferred(withInputSize(model, preprocess.crop), parseSafetensors(weights), {
    batch,
    form: batchNorm,
    classes: classes.length,
    hidden,
  });
  return { description, network };
}
