/**
 * Brings a network's weights into the cache, where they are not yet, and finds out whether they are its weights.
 *
 *   cache/weights/resnet50.pth         the file, as it is published
 *   cache/weights/resnet50.pth.json    where it came from and its SHA-256
 */
import { stat } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import type { Model } from "../../models/model.js";
import { listMisfits } from "../naming/list-misfits.js";
import { type Recognition, recogniseWeights } from "../naming/recognise.js";
import type { WeightsFormat } from "../read-checkpoint.js";
import { type Expected, findDamage, hashFile } from "./checksum.js";
import { type ObtainOptions, obtainWeights } from "./obtain.js";
import { PartFolder } from "./part-folder.js";
import { readRecord, writeRecord } from "./pull-record.js";
import { readCheckpointFile } from "./read-checkpoint-file.js";
import { findOrigin, nameOf, targetOf, type WeightsOriginFile } from "./weights-origin.js";

export interface PullOptions extends Omit<ObtainOptions, "examine"> {
  /** A mirror, a folder or a file instead of the card's address. */
  readonly from?: string;
  /** Weights lie in its subfolder "weights". `cacheFolder()` unless told. */
  readonly cacheDir?: string;
  /** Brings it anew where it is already. */
  readonly force?: boolean;
  /** Told before anything is asked for. */
  readonly onOrigin?: (from: string, target: string) => void;
}

/**
 * "card": by what the model card says; "name": by the digits in the file's own name; "host": by what the asked host said;
 * "record": by what an earlier pull found; "nothing": nobody says what it should be.
 */
export type PullCheck = "card" | "name" | "host" | "record" | "nothing";

export interface Pulled {
  readonly path: string;
  /** Address or file that it came from, now or in an earlier pull; undefined where it was not pulled. */
  readonly from: string | undefined;
  /** It was there already. */
  readonly isCached: boolean;
  readonly bytes: number;
  readonly sha256: string;
  readonly check: PullCheck;
  readonly format: WeightsFormat;
  readonly recognition: Omit<Recognition, "checkpoint" | "model">;
  readonly tensors: number;
}

type Examined = Pick<Pulled, "format" | "recognition" | "tensors">;

/** Throws E_WEIGHTS unless `file` holds all of the network, but for the classifier, which may be another. */
async function examine(model: Model, file: string, from: string): Promise<Examined> {
  try {
    const { format, checkpoint } = await readCheckpointFile(file);
    const { checkpoint: found, model: _, ...recognition } = recogniseWeights(checkpoint, [model]);
    const lists = listMisfits(recognition);
    if (lists === "") return { format, recognition, tensors: found.tensors.size };
    const { missing, misfits, extra } = recognition;
    throw new TlxError("E_WEIGHTS", `weights ${file}: expected those of ${model.name}, found others${lists}`, {
      ...{ missing, misfits, extra },
    });
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, error.message.replaceAll(file, from), error.details, error);
  }
}

/** Says which of those who know something of the file had the word. */
function checkOf({ card }: Pick<Model, "card">, from: WeightsOriginFile, by: Expected): PullCheck {
  const { sha256, sha256Prefix } = from.expected;
  if ((sha256 ?? sha256Prefix) === undefined) return by.sha256 === undefined ? "nothing" : "host";
  const { weights } = card;
  return sha256 === weights.sha256 && sha256Prefix === weights.sha256Prefix ? "card" : "name";
}

const sizeOf = async (file: string): Promise<number | undefined> => {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
};

/** The file that is there, where it is what it should be. Throws E_USAGE for one from elsewhere that nobody vouches for. */
async function findCached(model: Model, origin: WeightsOriginFile, target: string): Promise<Pulled | undefined> {
  const bytes = await sizeOf(target);
  if (bytes === undefined) return undefined;
  const record = await readRecord(target);
  const { sha256, sha256Prefix } = origin.expected;
  const isKnown = (sha256 ?? sha256Prefix) !== undefined;
  if (!isKnown && record?.from !== nameOf(origin)) {
    const whence = record ? `one from ${record.from}` : "one that was not pulled";
    throw new TlxError(
      "E_USAGE",
      `weights ${target}: expected none there or those of ${nameOf(origin)}, found ${whence}; pull --force replaces it`,
    );
  }
  const damage = await findDamage(target, isKnown ? origin.expected : { sha256: record?.sha256 });
  if (damage) return undefined;
  const check = isKnown ? checkOf(model, origin, {}) : "record";
  const examined = await examine(model, target, target);
  return {
    path: target,
    from: record?.from,
    isCached: true,
    bytes,
    sha256: await hashFile(target),
    check,
    ...examined,
  };
}

/**
 * Throws   E_WEIGHTS where there is no address, or what comes is not of this network; E_NETWORK for what the way there did
 */
export async function pullWeights(
  model: Model,
  { from, cacheDir, force = false, onOrigin, ...options }: PullOptions = {},
): Promise<Pulled> {
  const { weights } = model.card;
  const origin = await findOrigin(weights, from);
  const target = targetOf(weights, origin, cacheDir);
  const cached = force ? undefined : await findCached(model, origin, target);
  if (cached) return cached;
  const name = nameOf(origin);
  onOrigin?.(name, target);
  let examined: Examined | undefined;
  const by = await obtainWeights(weights, origin, target, {
    ...options,
    examine: async (file) => {
      examined = await examine(model, file, name);
    },
  });
  const sha256 = await hashFile(target);
  await writeRecord(target, { from: name, sha256 });
  const bytes = (await sizeOf(target)) as number;
  const check = checkOf(model, origin, by);
  return { path: target, from: name, isCached: false, bytes, sha256, check, ...(examined as Examined) };
}

/** Bytes that an interrupted pull left, from which the next one goes on. */
export async function keptOfPull(model: Model, { from, cacheDir }: PullOptions = {}): Promise<number> {
  const { weights } = model.card;
  return PartFolder.kept(targetOf(weights, await findOrigin(weights, from), cacheDir));
}
