/**
 * A run folder: config.json, metrics.jsonl, skipped.jsonl and model/ with the weights and their description.
 * It appears whole or not at all.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import type { Network, Weights } from "@tlx/nn";
import { z } from "zod";
import { findModel } from "../../models/index.js";
import { loadTransferred } from "../../models/load.js";
import type { Model } from "../../models/model.js";
import { exportTensors } from "../../weights/join.js";
import { readWeightsFile } from "../../weights/node/file.js";
import { parseSafetensors } from "../../weights/safetensors.js";
import { writeSafetensors } from "../../weights/write-safetensors.js";
import type { ModelDescription } from "../model-file.js";
import { writeFolder } from "./write-folder.js";

const triple = z.tuple([z.number(), z.number(), z.number()]);

const description: z.ZodType<ModelDescription> = z.strictObject({
  format: z.literal("tlx-model"),
  version: z.literal(1),
  architecture: z.string(),
  batchNorm: z.enum(["separate", "folded"]),
  classes: z.array(z.string()).min(2),
  preprocess: z.strictObject({
    resize: z.int().positive(),
    crop: z.int().positive(),
    mean: triple,
    std: triple,
  }),
  weightsSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const repair = "restore the folder or train again";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const jsonLines = (rows: readonly unknown[]): string => rows.map((r) => `${JSON.stringify(r)}\n`).join("");

/** What a training leaves behind. */
export interface RunRecord {
  readonly model: Model;
  /** The form in which the weights hold batch norm. */
  readonly batchNorm: ModelDescription["batchNorm"];
  /** Class names in the order of the logits. */
  readonly classes: readonly string[];
  /** All params and states of the trained network. */
  readonly weights: Weights;
  /** Everything needed to repeat the run. */
  readonly config: Readonly<Record<string, unknown>>;
  /** One entry per epoch. */
  readonly metrics: readonly unknown[];
  /** Files that were left out. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** Writes a run to `folder`, which must not exist yet; its parents are made. Throws E_USAGE when it exists. */
export async function writeRun(folder: string, run: RunRecord): Promise<void> {
  const weights = writeSafetensors(exportTensors(run.weights), new Map([["architecture", run.model.name]]));
  const described: ModelDescription = {
    format: "tlx-model",
    version: 1,
    architecture: run.model.name,
    batchNorm: run.batchNorm,
    classes: run.classes,
    preprocess: run.model.preprocess,
    weightsSha256: sha256(weights),
  };
  await writeFolder(
    folder,
    new Map<string, Uint8Array | string>([
      ["config.json", json(run.config)],
      ["metrics.jsonl", jsonLines(run.metrics)],
      ["skipped.jsonl", jsonLines(run.skipped)],
      ["model/model.json", json(described)],
      ["model/model.safetensors", weights],
    ]),
  );
}

export interface LoadedRun {
  /** Classes and preprocessing. */
  readonly description: ModelDescription;
  /** Output "logits" [batch, classes]. */
  readonly network: Network;
}

/**
 * Reads a run folder, or its model/ folder, and checks the weights against their checksum.
 * Throws E_USAGE when there is no such folder, E_WEIGHTS when it holds no run or a damaged one.
 */
export async function readRun(folder: string, batch = 1): Promise<LoadedRun> {
  const names = await readdir(folder).catch((error) => {
    const found = `there is no folder "${folder}" (${error.code})`;
    throw new TlxError("E_USAGE", `run: ${found}; give the folder that tlx train printed`);
  });
  const base = names.includes("model.json") ? folder : path.join(folder, "model");
  const file = path.join(base, "model.json");
  const text = await readFile(file, "utf8").catch(() => {
    throw new TlxError(
      "E_WEIGHTS",
      `run: expected model/model.json in "${folder}", found none; give the folder that tlx train printed`,
    );
  });
  const described = parseDescription(file, text);
  const bytes = await readWeightsFile(path.join(base, "model.safetensors"));
  if (sha256(bytes) !== described.weightsSha256) {
    throw new TlxError(
      "E_WEIGHTS",
      `run: ${path.join(base, "model.safetensors")} is damaged: its SHA-256 is not the one in model.json; ${repair}`,
    );
  }
  const model = findModel(described.architecture);
  const network = loadTransferred(model, parseSafetensors(bytes), {
    batch,
    form: described.batchNorm,
    classes: described.classes.length,
  });
  return { description: described, network };
}

function parseDescription(file: string, text: string): ModelDescription {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TlxError("E_WEIGHTS", `run: ${file} is not valid JSON (${String(error)}); ${repair}`, {}, error);
  }
  const parsed = description.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TlxError(
    "E_WEIGHTS",
    `run: ${file} is not a model description of this version; ${repair}\n${z.prettifyError(parsed.error)}`,
  );
}

/** Path of the first free folder `base`, `base-2`, `base-3`, ... under `root`, which need not exist. */
export async function freeRunName(root: string, base = "run"): Promise<string> {
  const taken = new Set(await readdir(root).catch((): string[] => []));
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(name)) return path.join(root, name);
  }
}
