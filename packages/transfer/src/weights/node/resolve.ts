/** Finds a network's weights: the user's file, what comes with tlx, the cache folder, a download that was asked for. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TlxError } from "@tlx/kernels";
import { formatMegabytes, type ResolvedWeights, type WeightsCard } from "../source.js";
import { cachedFiles, cacheFolder } from "./cache-folder.js";
import { findDamage } from "./checksum.js";
import { checkWeightsFile } from "./file.js";
import { type ObtainOptions, obtainWeights } from "./obtain.js";
import { readRecord } from "./pull-record.js";
import { findOrigin, targetOf } from "./weights-origin.js";

export interface ResolveOptions extends ObtainOptions {
  /** The user's own file; taken as it is. */
  readonly file?: string;
  /** Weights lie in its subfolder "weights". `cacheFolder()` unless told. */
  readonly cacheDir?: string;
  /** Forbids the network, whatever else is asked. */
  readonly offline?: boolean;
  readonly allowDownload?: boolean;
  /** A mirror or a folder instead of the card's address. */
  readonly from?: string;
  /** Name of the network, for advice. */
  readonly model?: string;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** As far from the sources as from the build. */
const shippedFolder = new URL("../../../weights/", import.meta.url);

/**
 * The file that came with the package; undefined where it was left out, as by a bundler.
 * Throws E_WEIGHTS when it is not what the card says.
 */
async function findShipped(card: WeightsCard): Promise<ResolvedWeights | undefined> {
  if (!card.shipped) return undefined;
  const path = fileURLToPath(new URL(card.file, shippedFolder));
  if (!(await isFile(path))) return undefined;
  const damage = await findDamage(path, card);
  if (damage === undefined) return { path, origin: "shipped" };
  throw new TlxError(
    "E_WEIGHTS",
    `weights ${path}: the file that comes with tlx is damaged: ${damage}; install tlx again`,
  );
}

interface Search {
  readonly path?: string;
  /** Why the cache cannot serve. */
  readonly lack: string;
}

/** Is the file what a pull brought there from elsewhere? */
async function isAsPulled(path: string): Promise<boolean> {
  const record = await readRecord(path);
  return record !== undefined && (await findDamage(path, { sha256: record.sha256 })) === undefined;
}

/**
 * The first file that is there and undamaged. The card's checksum is of what lies at its address, whose file comes first; under
 * that name a pull may have put another one.
 */
async function searchCache(files: readonly string[], card: WeightsCard): Promise<Search> {
  let lack = "not in the cache";
  for (const [i, path] of files.entries()) {
    if (!(await isFile(path))) continue;
    const damage = i === 0 ? await findDamage(path, card) : undefined;
    if (damage === undefined || (await isAsPulled(path))) return { path, lack };
    lack = `damaged in the cache: ${damage}`;
  }
  return { lack };
}

/** A card by which a download is known to be right. */
const isDownloadable = ({ url, sha256, sha256Prefix }: WeightsCard): boolean =>
  url !== undefined && (sha256 ?? sha256Prefix) !== undefined;

function explainRefusal(card: WeightsCard, lack: string, options: ResolveOptions): TlxError {
  const path = join(options.cacheDir ?? cacheFolder(), "weights", card.file);
  const byHand = `put the file at ${path} or name one by --weights FILE`;
  const found = `weights ${card.file}: ${lack}.`;
  if (card.url === undefined) {
    const where = `No download is known for them: get them from ${card.source} (licence ${card.licence})`;
    return new TlxError("E_WEIGHTS", `${found} ${where}, then ${byHand}`);
  }
  const pull = `tlx pull ${options.model ?? "MODEL"}`;
  const size = card.bytes === undefined ? "size unknown" : formatMegabytes(card.bytes);
  const what = `${card.url} (${size}, licence ${card.licence})`;
  const how = isDownloadable(card)
    ? `Run ${pull}, or this with --download, which fetches`
    : `Run ${pull}, which fetches`;
  const unchecked = isDownloadable(card) ? "" : `. They are ${card.source}, and no checksum of them is known`;
  const offline = options.offline ? "Offline mode forbids the download. " : "";
  return new TlxError("E_WEIGHTS", `${found} ${offline}${how} ${what}, or ${byHand}${unchecked}`);
}

export async function resolveWeights(card: WeightsCard, options: ResolveOptions = {}): Promise<ResolvedWeights> {
  if (options.file !== undefined) {
    await checkWeightsFile(options.file);
    return { path: options.file, origin: "file" };
  }
  const files = cachedFiles(card, options.cacheDir);
  const shipped = await findShipped(card);
  if (shipped) return shipped;
  const { path, lack } = await searchCache(files, card);
  if (path !== undefined) return { path, origin: "cache" };
  if (options.offline || !options.allowDownload || !isDownloadable(card)) throw explainRefusal(card, lack, options);
  const from = await findOrigin(card, options.from);
  const target = targetOf(card, from, options.cacheDir);
  await obtainWeights(card, from, target, options);
  return { path: target, origin: "download" };
}
