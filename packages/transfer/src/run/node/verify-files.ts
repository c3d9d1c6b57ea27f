/** Checks the files of a finished run against its freeze certificate. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { z } from "zod";
import { models } from "../../models/registry.js";
import { sha256 } from "../../sha256.js";
import type { FreezeCertificate } from "../../train/certificate.js";
import { adaptCheckpoint, bareCheckpoint } from "../../weights/naming/recognise.js";
import { readWeightsFile } from "../../weights/node/file.js";
import { readCheckpointFile } from "../../weights/node/read-checkpoint-file.js";
import { type Checkpoint, parseSafetensors } from "../../weights/safetensors.js";
import { CERTIFICATE } from "../run-files.js";
import { type TensorVerdict, verifyTensors } from "../verify-tensors.js";
import { readJson } from "./read-json.js";
import { findModelFolder, readDescription } from "./read-run.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const comparison = z.strictObject({ planned: z.number().min(0), everything: z.number().min(0) });

const certificate: z.ZodType<FreezeCertificate> = z.strictObject({
  format: z.literal("tlx-freeze-certificate"),
  version: z.literal(1),
  tensors: z.array(
    z.strictObject({
      name: z.string(),
      dtype: z.string(),
      shape: z.array(count),
      trained: z.boolean(),
      loaded: z.boolean(),
      before: hash,
      after: hash,
      masked: z.strictObject({ elements: count, runs: z.array(count), before: hash, after: hash }).optional(),
    }),
  ),
  step: z.strictObject({
    backwardDispatches: comparison,
    backwardDispatchesSkipped: z.number(),
    bytes: comparison,
    optimizerBytes: comparison,
    gpuMs: comparison.nullable(),
  }),
});

export interface VerifyFilesOptions {
  /** File of the pretrained weights. Default: that of config.json, where it still is. */
  readonly weights?: string;
}

/** What `verifyFiles` found. */
export interface FilesVerification {
  readonly certificate: FreezeCertificate;
  readonly tensors: readonly TensorVerdict[];
  /** File of pretrained weights that was compared too. */
  readonly weights: string | undefined;
  /** All that does not match, each with what it is about; empty where all does. */
  readonly problems: readonly string[];
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

/** Where the weights came from by config.json, if they are still there. */
async function findWeights(run: string): Promise<string | undefined> {
  const file = path.join(run, "config.json");
  if (!(await isFile(file))) return undefined;
  const { weights } = await readJson(file, z.record(z.string(), z.unknown()), "a configuration");
  return typeof weights === "string" && (await isFile(weights)) ? weights : undefined;
}

/** Without it a finished run proves nothing, however it was lost. */
async function readCertificate(run: string): Promise<FreezeCertificate> {
  try {
    return await readJson(path.join(run, CERTIFICATE), certificate, "a freeze certificate");
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError("E_VERIFY", error.message.replace(/^run:/, "verify:"), error.details, error);
  }
}

function parseModel(file: string, bytes: Uint8Array): Checkpoint {
  try {
    return parseSafetensors(bytes);
  } catch (error) {
    throw new TlxError("E_VERIFY", `verify: ${file} is damaged: ${(error as Error).message}`, { file }, error);
  }
}

/** As training read them: in any format, and in any naming where tlx has the network. */
async function readSource(weights: string, architecture: string): Promise<Checkpoint> {
  const { checkpoint } = await readCheckpointFile(weights);
  const model = models.find(({ name }) => name === architecture);
  return model ? adaptCheckpoint(model, checkpoint) : bareCheckpoint(checkpoint);
}

/**
 * Compares every tensor of model.safetensors with the certificate of the run, and the pretrained ones with their file.
 * `folder` is that of the run or its model/.
 *
 * Throws   E_USAGE when there is no such folder, E_WEIGHTS when it holds no finished run, E_VERIFY when it holds no
 *          certificate that can be read or model.safetensors is no weights file any more
 */
export async function verifyFiles(folder: string, options: VerifyFilesOptions = {}): Promise<FilesVerification> {
  const base = await findModelFolder(folder);
  const run = path.dirname(path.resolve(base));
  const proof = await readCertificate(run);
  const { weightsSha256, architecture } = await readDescription(base);
  const file = path.join(base, "model.safetensors");
  const bytes = await readWeightsFile(file);
  const weights = options.weights ?? (await findWeights(run));
  const source = weights === undefined ? undefined : await readSource(weights, architecture);
  const tensors = await verifyTensors(proof, parseModel(file, bytes), source);
  const isSame = (await sha256(bytes)) === weightsSha256;
  return {
    certificate: proof,
    tensors,
    weights,
    problems: [
      ...tensors.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
      ...(isSame ? [] : ["model.safetensors: its SHA-256 is not the one in model.json"]),
    ],
  };
}
