/** Reads the model of a run, checked against its checksum and, when asked, against its golden example. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { z } from "zod";
import { withInputSize } from "../../models/input-size.js";
import { loadTransferred } from "../../models/load.js";
import type { Model } from "../../models/model.js";
import { models } from "../../models/registry.js";
import { sha256 } from "../../sha256.js";
import { readWeightsFile } from "../../weights/node/file.js";
import { parseSafetensors } from "../../weights/safetensors.js";
import { type Golden, verifyGolden } from "../golden.js";
import type { LoadedRun, ModelDescription } from "../model-file.js";
import { readJson, repair } from "./read-json.js";
import { isInUse } from "./run-lock.js";

const triple = z.tuple([z.number(), z.number(), z.number()]);

const description: z.ZodType<ModelDescription> = z.strictObject({
  format: z.literal("tlx-model"),
  version: z.literal(1),
  architecture: z.string(),
  batchNorm: z.enum(["separate", "folded"]),
  classes: z.array(z.string()).min(2),
  hidden: z.int().min(0),
  preprocess: z.strictObject({
    resize: z.int().positive(),
    crop: z.int().positive(),
    mean: triple,
    std: triple,
  }),
  weightsSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const golden: z.ZodType<Golden> = z.strictObject({
  format: z.literal("tlx-golden"),
  version: z.literal(1),
  input: z.strictObject({
    name: z.literal("image"),
    layout: z.literal("NHWC"),
    shape: z.array(z.int().positive()).length(4),
    formula: z.literal("(37 * i mod 251) / 125 - 1"),
  }),
  output: z.strictObject({ name: z.literal("probs"), values: z.array(z.number()).min(2) }),
  tolerance: z.number().positive(),
});

export interface ReadRunOptions {
  /** Pictures per pass of the network. Default 1. */
  readonly batch?: number;
  /** Runs the golden example on this device and compares. */
  readonly verify?: Gpu;
  /** The network of a run that is none of tlx's. */
  readonly model?: Model;
}

/**
 * Reads a run folder, or its model/ folder, and checks the weights against their checksum.
 *
 * Throws   E_USAGE when there is no such folder or its network is not known, E_WEIGHTS when it holds no run, an unfinished or
 *          a damaged one, E_VERIFY when the golden example comes out otherwise
 */
export async function readRun(folder: string, { batch = 1, verify, model }: ReadRunOptions = {}): Promise<LoadedRun> {
  const base = await findModelFolder(folder);
  const described = await readDescription(base);
  const bytes = await readWeightsFile(path.join(base, "model.safetensors"));
  if ((await sha256(bytes)) !== described.weightsSha256) {
    throw new TlxError(
      "E_WEIGHTS",
      `run: ${path.join(base, "model.safetensors")} is damaged: its SHA-256 is not the one in model.json; ${repair}`,
    );
  }
  const known = findNetwork(folder, described.architecture, model);
  const network = loadTransferred(withInputSize(known, described.preprocess.crop), parseSafetensors(bytes), {
    batch,
    form: described.batchNorm,
    classes: described.classes.length,
    hidden: described.hidden,
  });
  if (verify) {
    await verifyGolden(verify, network, await readJson(path.join(base, "golden.json"), golden, "a golden example"));
  }
  return { description: described, network };
}

function findNetwork(folder: string, name: string, given: Model | undefined): Model {
  const found = given ?? models.find((m) => m.name === name);
  if (found?.name === name) return found;
  const expected = (given ? [given] : models).map((m) => m.name).join(", ");
  throw new TlxError(
    "E_USAGE",
    `run: expected a run of ${expected}, found one of "${name}" in "${folder}"; name the module of your own network with --model FILE`,
  );
}

/** Of the folder with model.json. */
export const readDescription = (base: string): Promise<ModelDescription> =>
  readJson(path.join(base, "model.json"), description, "a model description");

/** The folder with model.json: `folder` itself or the one in it. */
export async function findModelFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error) => {
    const found = `there is no folder "${folder}" (${error.code})`;
    throw new TlxError("E_USAGE", `run: ${found}; give the folder that tlx train printed`);
  });
  if (names.includes("model.json")) return folder;
  const base = path.join(folder, "model");
  if ((await readdir(base).catch(() => [])).length > 0) return base;
  if (names.includes("config.json")) {
    const [found, advice] = (await isInUse(folder))
      ? ["is still being trained", "wait for its end"]
      : [
          "is unfinished: its training was stopped before the model was written",
          "go on with tlx train --resume, or train again",
        ];
    throw new TlxError("E_WEIGHTS", `run: "${folder}" ${found}; ${advice}`);
  }
  throw new TlxError(
    "E_WEIGHTS",
    `run: expected model/model.json in "${folder}", found none; give the folder that tlx train printed`,
  );
}
