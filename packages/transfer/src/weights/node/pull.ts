/**
 * Brings a network's weights into the cache, where they are not yet, and finds out whether they are its weights.
 *
 *   cache/weights/resnet50.pth         the file, as it is published
 *   cache/weights/resnet50.pth.json    where it came from and its SHA-256
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { TlxError } from "@tlx/kernels";
import type { Model } from "../../models/model.js";
import { replaceFile } from "../../run/node/write-file.js";
import { type Recognition, recogniseWeights } from "../naming/recognise.js";
import type { WeightsFormat } from "../read-checkpoint.js";
import { cacheFolder, nameInCache } from "./cache-folder.js";
import { type Expected, findDamage, hashFile } from "./checksum.js";
import { type ObtainOptions, obtainWeights } from "./obtain.js";
import { PartFolder } from "./part-folder.js";
import { readCheckpointFile } from "./read-checkpoint-file.js";
import { findOrigin, type WeightsOriginFile } from "./weights-origin.js";

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

interface PullRecord {
  readonly from: string;
  readonly sha256: string;
}

const recordOf = (target: string): string => `${target}.json`;

/** What an earlier pull wrote; nothing where it cannot be read: then nothing is known. */
async function readRecord(target: string): Promise<PullRecord | undefined> {
  try {
    const { from, sha256 } = JSON.parse(await readFile(recordOf(target), "utf8"));
    return typeof from === "string" && /^[0-9a-f]{64}$/.test(sha256) ? { from, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

type Examined = Pick<Pulled, "format" | "recognition" | "tensors">;

const listSome = (what: string, items: readonly string[]): string[] =>
  items.length === 0
    ? []
    : [
        `\n  ${items.length} ${what}: ${items.slice(0, 5).join(", ")}${items.length > 5 ? `, and ${items.length - 5} more` : ""}`,
      ];

/** Throws E_WEIGHTS unless `file` holds all of the network, but for the classifier, which may be another. */
async function examine(model: Model, file: string, from: string): Promise<Examined> {
  try {
    const { format, checkpoint } = await readCheckpointFile(file);
    const { checkpoint: found, model: _, ...recognition } = recogniseWeights(checkpoint, [model]);
    const { missing, misfits, extra } = recognition;
    if (missing.length + misfits.length + extra.length === 0)
      return { format, recognition, tensors: found.tensors.size };
    const lists = [
      ...listSome("missing", missing),
      ...listSome("of another shape or dtype", misfits),
      ...listSome("that it has no layer for", extra),
    ];
    throw new TlxError("E_WEIGHTS", `weights ${file}: expected those of ${model.name}, found others${lists.join("")}`, {
      ...{ missing, misfits, extra },
    });
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, error.message.replaceAll(file, from), error.details, error);
  }
}

/** For people and records: what follows a question mark may be a signature. */
const nameOf = (from: WeightsOriginFile): string => (from.kind === "file" ? from.path : from.url.replace(/\?.*/, ""));

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

/** Where `pullWeights` would put the file of that origin. */
const targetOf = (model: Model, origin: WeightsOriginFile, cacheDir: string | undefined): string =>
  join(cacheDir ?? cacheFolder(), "weights", nameInCache(model.card.weights, nameOf(origin)));

/**
 * Throws   E_WEIGHTS where there is no address, or what comes is not of this network; E_NETWORK for what the way there did
 */
export async function pullWeights(
  model: Model,
  { from, cacheDir, force = false, onOrigin, ...options }: PullOptions = {},
): Promise<Pulled> {
  const { weights } = model.card;
  const origin = await findOrigin(weights, from);
  const target = targetOf(model, origin, cacheDir);
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
  await replaceFile(recordOf(target), `${JSON.stringify({ from: name, sha256 }, null, 2)}\n`);
  const bytes = (await sizeOf(target)) as number;
  const check = checkOf(model, origin, by);
  return { path: target, from: name, isCached: false, bytes, sha256, check, ...(examined as Examined) };
}

/** Bytes that an interrupted pull left, from which the next one goes on. */
export async function keptOfPull(model: Model, { from, cacheDir }: PullOptions = {}): Promise<number> {
  return PartFolder.kept(targetOf(model, await findOrigin(model.card.weights, from), cacheDir));
}
