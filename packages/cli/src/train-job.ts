/** What a training needs beside a GPU. */
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import {
  type Dataset,
  type JobInput,
  type Model,
  NO_WEIGHTS,
  parseSafetensors,
  type ResolvedWeights,
  readElementMasks,
  settingsOf,
  type TrainConfig,
  type TrainInput,
} from "@tlx/transfer";
import { dataIdentity, hashFile, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import type { SettledConfig } from "./choose-model.js";
import type { Context } from "./context.js";
import { loadCheckpoint } from "./load-checkpoint.js";
import { isModulePath, loadModel } from "./load-model.js";
import type { WeightsOptions } from "./options.js";
import { version } from "./version.js";

/** All that is known before a GPU is opened. */
export interface TrainJob {
  readonly config: SettledConfig;
  readonly model: Model;
  readonly data: Dataset;
  readonly checkpoint: TrainInput["checkpoint"];
  /** Path of the weights, or "none". */
  readonly weights: string;
  /** Where they were found; undefined without any. */
  readonly origin?: ResolvedWeights["origin"];
  readonly elements: TrainInput["elements"];
  /** A resumed run takes those of its snapshot. */
  readonly choices?: TrainInput["choices"];
}

/** What is trained on what, for the trainer. */
export const inputOf = ({ config, model, checkpoint, data, elements, choices }: TrainJob): JobInput => ({
  ...{ model, checkpoint, classes: data.classes, train: data.train, val: data.val },
  settings: settingsOf(config),
  ...(elements && { elements }),
  ...(choices && { choices }),
});

/** Where weights and features are kept; cache false: features are neither looked for nor kept. */
export interface CacheOptions extends Pick<WeightsOptions, "download" | "offline"> {
  readonly cache?: string | false;
}

/** `given` was typed. Throws E_USAGE, E_DATA and E_WEIGHTS for what cannot be used. */
export async function prepareTraining(
  context: Context,
  config: SettledConfig,
  given: Partial<TrainConfig>,
  { cache, download, offline }: CacheOptions,
): Promise<TrainJob> {
  if (config.data === null) throw new TlxError("E_USAGE", "missing required argument 'dir': the folder of pictures");
  const model = await loadModel(config.model);
  const data = await imageFolder(config.data, { split: config.split, seed: config.seed });
  if (given.split !== undefined && data.origin === "folders") {
    throw new TlxError("E_USAGE", `--split: "${config.data}" has a folder to measure on already; leave the flag out`);
  }
  const { elementMasks } = config;
  const elements = elementMasks === null ? undefined : await readMasks(elementMasks);
  // Whoever reads the run may be in another folder.
  const kept = isModulePath(config.model) ? { ...config, model: path.resolve(config.model) } : config;
  const job = { config: kept, model, data, elements };
  if (config.weights === NO_WEIGHTS) return { ...job, checkpoint: "none", weights: NO_WEIGHTS };
  const weights = { weights: config.weights ?? undefined, cache: cache || undefined, download, offline };
  const found = await loadCheckpoint(context, model, weights);
  return { ...job, checkpoint: found.checkpoint, weights: found.path, origin: found.origin };
}

async function readMasks(file: string): Promise<TrainInput["elements"]> {
  try {
    return readElementMasks(parseSafetensors(await readWeightsFile(file)));
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    const message = error.message.replace(`weights ${file}: `, "");
    throw new TlxError(error.code, `element masks ${file}: ${message}`, error.details, error);
  }
}

/** With paths that hold in any folder. */
export const recordedConfig = ({ config, weights }: TrainJob): SettledConfig => ({
  ...config,
  data: path.resolve(config.data as string),
  weights: weights === NO_WEIGHTS ? weights : path.resolve(weights),
  elementMasks: config.elementMasks === null ? null : path.resolve(config.elementMasks),
});

/** What a resumed run must have in common with what it was, beside what the trainer knows. */
export const identify = async ({ config, data, weights }: TrainJob): Promise<Readonly<Record<string, unknown>>> => ({
  tlx: version,
  data: await dataIdentity(config.data as string, data),
  weights: weights === NO_WEIGHTS ? weights : await hashFile(weights),
  elementMasks: config.elementMasks === null ? null : await hashFile(config.elementMasks),
  ...(isModulePath(config.model) && { module: await hashFile(config.model) }),
});
