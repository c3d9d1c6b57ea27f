/** What a training in a worker needs beside a GPU: pictures that are kept, weights, and what makes it the run that it is. */
import { TlxError } from "@tlx/kernels";
import {
  type Checkpoint,
  completeConfig,
  DEFAULT_SPLIT,
  defaultTrainSettings,
  findModel,
  type Model,
  NO_WEIGHTS,
  parseSafetensors,
  sha256,
  type TrainConfig,
  version,
} from "@tlx/transfer";
import {
  type FileDataset,
  fetchWeights,
  fileDataIdentity,
  fileDataset,
  opfsPictures,
  readWeights,
} from "@tlx/transfer/browser";
import type { TrainingEvent, TrainingRequest } from "./training.js";

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly emit: (event: TrainingEvent) => void;
}

export interface Work {
  readonly config: TrainConfig;
  readonly model: Model;
  readonly dataset: FileDataset;
  readonly checkpoint: Checkpoint | "none";
  /** What a run that goes on must have in common with what it was, beside what the trainer knows; `tlx train` has the same. */
  readonly identity: Readonly<Record<string, unknown>>;
}

/** Of a new run. Throws E_USAGE for settings that cannot be used. */
export function configOf({
  data,
  model = "tlx-nano",
  weights,
  settings,
  split = DEFAULT_SPLIT,
}: TrainingRequest): TrainConfig {
  const defaults = { data: null, model: null, weights: null, elementMasks: null, split: DEFAULT_SPLIT };
  const chosen = { ...settings, data, model, split, ...(weights === "none" && { weights: NO_WEIGHTS }) };
  return completeConfig(chosen, { ...defaults, ...defaultTrainSettings });
}

/** Throws E_USAGE, E_DATA, E_WEIGHTS and E_NETWORK for what cannot be used. */
export async function prepareWork(
  { data, weights }: Pick<TrainingRequest, "data" | "weights">,
  config: TrainConfig,
  options: WorkOptions,
): Promise<Work> {
  const { model: name, split, seed, elementMasks } = config;
  const model = findModel(name ?? "none");
  if (elementMasks !== null) {
    throw new TlxError(
      "E_USAGE",
      "train: masks of elements are not for pages; go on with this run by tlx train --resume",
    );
  }
  const dataset = await fileDataset(await opfsPictures(data).read(), { split, seed });
  const { classes, train, val } = dataset;
  options.emit({ type: "data", classes, train: train.length, val: val.length });
  for (const { file, reason } of dataset.skipped) options.emit({ type: "skipped", file, reason });
  const bytes = config.weights === NO_WEIGHTS ? undefined : await readBytes(model, weights, options);
  options.signal.throwIfAborted();
  return {
    ...{ config, model, dataset },
    checkpoint: bytes ? parseSafetensors(bytes) : "none",
    identity: {
      tlx: version,
      data: await fileDataIdentity(dataset),
      weights: bytes ? await sha256(bytes) : NO_WEIGHTS,
      elementMasks: null,
    },
  };
}

async function readBytes(
  { name, card }: Model,
  weights: TrainingRequest["weights"],
  { signal, emit }: WorkOptions,
): Promise<Uint8Array> {
  if (weights === undefined || weights === "none") {
    throw new TlxError(
      "E_USAGE",
      `train: expected the weights of ${name}, an address or a file, found ${weights ?? "none"}`,
    );
  }
  if (weights instanceof Blob) return readWeights(weights);
  const { bytes, sha256: hash } = weights.sha256 === undefined ? (card.weights ?? {}) : weights;
  if (hash === undefined) {
    throw new TlxError("E_USAGE", `train: expected the sha256 of the weights of ${name} beside their url, found none`);
  }
  return fetchWeights(
    { url: weights.url, bytes, sha256: hash },
    {
      signal,
      onProgress: (received, total) => emit({ type: "weights", received, total }),
      onWarning: (message) => emit({ type: "warning", message }),
    },
  );
}
