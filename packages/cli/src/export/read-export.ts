/** Reads what tlx export wrote: the network with its weights, labels and preprocessing. */
import { open, stat } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import {
  type Checkpoint,
  loadPretrained,
  loadTransferred,
  type Model,
  type ModelDescription,
  models,
  NETWORK,
  type WeightsFormat,
  withInputSize,
} from "@tlx/transfer";
import { type FormatName, formats } from "./formats.js";
import { type ExportMetadata, hashWeights, type ParsedMetadata } from "./metadata.js";
import { isOnnx } from "./onnx/read-onnx.js";

/** What is known of a file or folder before it is read. */
export interface FoundExport {
  readonly format: FormatName;
  /** The file, or the folder of model.json. */
  readonly path: string;
}

async function firstBytes(file: string): Promise<Buffer> {
  await using handle = await open(file, "r");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead);
}

/**
 * The format of a file or folder that tlx export could have written, by how it begins; undefined for anything else, above all
 * for a run and for weights alone.
 */
export async function findExport(target: string): Promise<FoundExport | undefined> {
  const found = await stat(target).catch(() => undefined);
  if (!found) return undefined;
  if (found.isDirectory()) {
    const inner = await findExport(path.join(target, "model.json"));
    return inner?.format === "tfjs" ? inner : undefined;
  }
  if (!found.isFile()) return undefined;
  const start = await firstBytes(target);
  const text = start.toString("latin1");
  if (text.startsWith("\0\0\0{", 5)) {
    return text.startsWith('{"__metadata__":{"labels":', 8) ? { format: "safetensors", path: target } : undefined;
  }
  if (isOnnx(start)) return { format: "onnx", path: target };
  const isGraph = /^\s*\{\s*"format"\s*:\s*"graph-model"/.test(text);
  return isGraph ? { format: "tfjs", path: path.dirname(target) } : undefined;
}

export interface LoadedExport extends FoundExport {
  readonly description: ModelDescription;
  readonly tlx: ExportMetadata["tlx"];
  readonly checkpoint: Checkpoint;
  /** Input "image" [batch, S, S, 3], output "logits" [batch, classes]. */
  readonly network: Network;
}

export interface ReadWeights {
  readonly format: WeightsFormat | "ONNX";
  readonly checkpoint: Checkpoint;
}

export interface ReadExportOptions {
  /** Default 1. */
  readonly batch?: number;
  /** The network of an export that is none of tlx's. */
  readonly model?: Model;
}

/**
 * Throws E_WEIGHTS for a damaged export, E_VERIFY for other weights than were exported, E_USAGE for a network that is not known.
 * Undefined where a file holds weights without what an export says of itself.
 */
export async function readExport(
  { format, path: file }: FoundExport,
  { batch = 1, model }: ReadExportOptions = {},
): Promise<LoadedExport | undefined> {
  const { checkpoint, found } = await formats[format].read(file);
  if (!found) return undefined;
  const network = buildNetwork(file, found, checkpoint, { batch, model });
  if (hashWeights(network.weights) !== found.description.weightsSha256) {
    throw new TlxError(
      "E_VERIFY",
      `export "${file}": expected the weights that tlx exported, found others; it was changed or damaged: export it again`,
    );
  }
  return { format, path: file, checkpoint, network, ...found };
}

/** Weights for tlx import out of a format that only tlx export writes; undefined where `target` is of another. */
export async function readExportWeights(target: string): Promise<ReadWeights | undefined> {
  const found = await findExport(target);
  if (!found || found.format === "safetensors") return undefined;
  const { checkpoint, found: said } = await formats[found.format].read(found.path);
  const metadata = new Map(said && [[NETWORK, said.tlx.network]]);
  return { format: found.format === "onnx" ? "ONNX" : "TensorFlow.js", checkpoint: { ...checkpoint, metadata } };
}

/** What `target` is, if tlx export wrote it. */
export async function openExport(target: string, options?: ReadExportOptions): Promise<LoadedExport | undefined> {
  const found = await findExport(target);
  return found && readExport(found, options);
}

function buildNetwork(
  file: string,
  { description, tlx }: ParsedMetadata,
  checkpoint: Checkpoint,
  { batch = 1, model: given }: ReadExportOptions,
): Network {
  const { architecture, preprocess, batchNorm, classes, hidden } = description;
  const model = given ?? models.find(({ name }) => name === architecture);
  if (model?.name !== architecture) {
    const other = model ? `, not of "${model.name}"` : "";
    throw new TlxError(
      "E_USAGE",
      `export "${file}" is of the network "${architecture}"${other}; --model FILE names the module of your own network`,
    );
  }
  const sized = withInputSize(model, preprocess.crop);
  if (tlx.head === "published") return loadPretrained(sized, checkpoint, { batch });
  return loadTransferred(sized, checkpoint, { batch, form: batchNorm, classes: classes.length, hidden });
}
