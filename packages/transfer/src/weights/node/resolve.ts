/** Finds a network's weights: the user's file, what comes with tlx, the cache folder, a download that was asked for. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, TlxError } from "@tlx/kernels";
import { formatMegabytes, type ResolvedWeights, type WeightsCard } from "../source.js";
import { cacheFolder } from "./cache-folder.js";
import { findDamage } from "./checksum.js";
import { type DownloadCard, type DownloadOptions, downloadWeights } from "./download.js";
import { checkWeightsFile } from "./file.js";

export interface ResolveOptions extends DownloadOptions {
  /** The user's own file; taken as it is. */
  readonly file?: string;
  /** Weights lie in its subfolder "weights". `cacheFolder()` unless told. */
  readonly cacheDir?: string;
  /** Forbids the network, whatever else is asked. */
  readonly offline?: boolean;
  readonly allowDownload?: boolean;
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

/** Why the cache cannot serve; undefined if it can. */
async function findLack(path: string, card: WeightsCard): Promise<string | undefined> {
  if (!(await isFile(path))) return "not in the cache";
  const damage = await findDamage(path, card);
  return damage && `damaged in the cache: ${damage}`;
}

const isDownloadable = (card: WeightsCard): card is DownloadCard => card.url !== undefined && card.sha256 !== undefined;

function explainRefusal(card: WeightsCard, path: string, lack: string, offline: boolean): TlxError {
  const byHand = `put the file at ${path} or name one by --weights FILE`;
  const found = `weights ${card.file}: ${lack}.`;
  if (!isDownloadable(card)) {
    const where = `No download is known for them: get them from ${card.source} (licence ${card.licence})`;
    return new TlxError("E_WEIGHTS", `${found} ${where}, then ${byHand}`);
  }
  const size = card.bytes === undefined ? "size unknown" : formatMegabytes(card.bytes);
  const what = `${card.url} (${size}, licence ${card.licence})`;
  const advice = offline
    ? `Offline mode forbids the download: run it once with --download and without --offline, which fetches ${what}, or ${byHand}`
    : `Run it with --download, which fetches ${what}, or ${byHand}`;
  return new TlxError("E_WEIGHTS", `${found} ${advice}`);
}

export async function resolveWeights(card: WeightsCard, options: ResolveOptions = {}): Promise<ResolvedWeights> {
  if (options.file !== undefined) {
    await checkWeightsFile(options.file);
    return { path: options.file, origin: "file" };
  }
  check(
    /^[A-Za-z0-9][\w.-]*$/.test(card.file),
    "E_USAGE",
    () => `model card: expected a plain file name, found ${JSON.stringify(card.file)}`,
  );
  const shipped = await findShipped(card);
  if (shipped) return shipped;
  const path = join(options.cacheDir ?? cacheFolder(), "weights", card.file);
  const lack = await findLack(path, card);
  if (!lack) return { path, origin: "cache" };
  if (options.offline || !options.allowDownload || !isDownloadable(card)) {
    throw explainRefusal(card, path, lack, options.offline ?? false);
  }
  await downloadWeights(card, path, options);
  return { path, origin: "download" };
}
