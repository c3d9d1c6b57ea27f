/** Reads the model of a run, checked against its checksum and, when asked, against its golden example. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { z } from "zod";
import type { Model } from "../../models/model.js";
import { models } from "../../models/registry.js";
import { readWeightsFile } from "../../weights/node/file.js";
import { buildRun } from "../build-run.js";
import { verifyGolden } from "../golden.js";
import type { LoadedRun, ModelDescription } from "../model-file.js";
import { parseDescription, parseGolden } from "../parse-model.js";
import { readJson } from "./read-json.js";
import { isInUse } from "./run-lock.js";

/** A schema of what `parse` takes, for `readJson`. */
const schemaOf = <T>(parse: (value: unknown) => T): z.ZodType<T> =>
  z.unknown().transform((value, context) => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  });

const description = schemaOf(parseDescription);
const golden = schemaOf(parseGolden);

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
  const run = await buildRun(described, bytes, { models: model ? [model] : models, batch, from: folder });
  if (verify) {
    await verifyGolden(verify, run.network, await readJson(path.join(base, "golden.json"), golden, "a golden example"));
  }
  return run;
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
