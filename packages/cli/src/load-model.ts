/** The network that a command works on: one of tlx's by name, or one's own by the path of its module. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as kernels from "@tlx/kernels";
import { TlxError } from "@tlx/kernels";
import { buildFeatureGraph, defineModel, type Model, models } from "@tlx/transfer";
import { findModelOrSuggest } from "./find-model.js";

/** Names of networks have no slash and do not end like a module. */
export const isModulePath = (text: string): boolean => /[\\/]|\.m?js$/.test(text);

/** The network of this name or module. Throws E_USAGE with what to do otherwise. */
export async function loadModel(text: string): Promise<Model> {
  return isModulePath(text) ? importModel(path.resolve(text)) : findModelOrSuggest(text);
}

async function importModel(file: string): Promise<Model> {
  const refuse = (message: string, cause?: unknown): never => {
    throw new TlxError("E_USAGE", `model "${file}": ${message}`, {}, cause);
  };
  if (!existsSync(file)) refuse("expected a module that exports a network, found no file; check the path");
  const module: Record<string, unknown> = await import(pathToFileURL(file).href).catch((error) => {
    const lacks = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const advice = lacks ? "; install what it imports beside it: npm install @tlx/transfer" : "";
    return refuse(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}${advice}`, error);
  });
  if (module.default === undefined) {
    refuse("expected a network as its default export, found none; write: export default defineModel({ ... })");
  }
  try {
    const model = defineModel(module.default as Parameters<typeof defineModel>[0]);
    checkOps(model);
    return model;
  } catch (error) {
    return refuse(error instanceof Error ? error.message.replace(/^defineModel: /, "") : String(error), error);
  }
}

/** Layers from another copy of tlx look the same and are not: no pass would know them. */
function checkOps(model: Model): void {
  const ours = new Map<string, unknown>(
    Object.values(kernels).flatMap((value) =>
      typeof value === "object" && value !== null && "infer" in value ? [[value.name, value]] : [],
    ),
  );
  const { nodes } = buildFeatureGraph(model, { batch: 1, form: "separate" });
  const foreign = nodes.find(({ op }) => ours.has(op.name) && ours.get(op.name) !== op);
  if (!foreign) return;
  throw new TlxError(
    "E_USAGE",
    `its layers come from another copy of @tlx/nn than this command's; run the tlx installed beside the module, with npx tlx`,
  );
}

/**
 * The network of the run in `folder`: undefined where it is one of tlx's. `given` is a module to take in any case; without it
 * the path that the run recorded.
 * Throws E_USAGE when the module is not there any more.
 */
export async function loadRunModel(folder: string, given: string | undefined): Promise<Model | undefined> {
  if (given !== undefined) return loadModel(given);
  const recorded = await readRecordedModel(folder);
  if (recorded === undefined || models.some((m) => m.name === recorded)) return undefined;
  if (!path.isAbsolute(recorded) || !existsSync(recorded)) {
    throw new TlxError(
      "E_USAGE",
      `run: "${folder}" was trained on the network of ${recorded}, which is not there; name its module with --model FILE`,
    );
  }
  return loadModel(recorded);
}

/** What config.json says of the model; a run without a readable one says nothing. */
async function readRecordedModel(folder: string): Promise<string | undefined> {
  try {
    const { model } = JSON.parse(await readFile(path.join(folder, "config.json"), "utf8"));
    return typeof model === "string" ? model : undefined;
  } catch {
    return undefined;
  }
}
