/**
 * Downloads the file of a model card: resumes, retries, and leaves the target only if length and SHA-256 are right.
 *
 * Throws   E_NETWORK for what the server or the way to it did; E_WEIGHTS where the target cannot be written;
 *          the reason of `signal` once that is aborted
 */
import { setTimeout as sleep } from "node:timers/promises";
import { TlxError } from "@tlx/kernels";
import type { DownloadProgress, WeightsCard } from "../source.js";
import { findDamage } from "./checksum.js";
import { fetchPart } from "./fetch-part.js";
import { PartFolder } from "./part-folder.js";
import { Interruption } from "./request.js";

export interface DownloadOptions {
  readonly onProgress?: DownloadProgress;
  readonly signal?: AbortSignal;
  /** Allows http to 127.0.0.1 and ::1, for tests. */
  readonly allowLoopbackHttp?: boolean;
  /** Before the first retry; doubles with each. Half a second unless told. */
  readonly retryDelayMs?: number;
  /** A connection silent for this long counts as broken. Half a minute unless told. */
  readonly idleMs?: number;
}

/** A card that can be downloaded: nothing comes without an address and a hash. */
export type DownloadCard = WeightsCard & { readonly url: string; readonly sha256: string };

const maxRetries = 3;

async function fetchAll(card: DownloadCard, part: PartFolder, options: DownloadOptions): Promise<void> {
  const { onProgress, signal, allowLoopbackHttp = false, idleMs = 30_000, retryDelayMs = 500 } = options;
  for (let retry = 0; ; retry++) {
    const kept = await part.progress();
    if (kept && kept.bytes === card.bytes) return;
    try {
      await fetchPart(card.url, part, { bytes: card.bytes, onProgress, signal, allowLoopbackHttp, idleMs });
      return;
    } catch (error) {
      if (!(error instanceof Interruption) || signal?.aborted || retry === maxRetries) throw error;
    }
    await sleep(retryDelayMs * 2 ** retry, undefined, { signal });
  }
}

function explain(error: unknown, card: DownloadCard, target: string): TlxError {
  const { message } = error as Error;
  const byHand = `or get the file from ${card.source} and put it at ${target}`;
  if (error instanceof Interruption) {
    const text = `${message}; gave up after ${maxRetries + 1} attempts. Run it again, which goes on where it stopped`;
    return new TlxError("E_NETWORK", `download of ${card.url}: ${text}, ${byHand}`, {}, error);
  }
  if (error instanceof TlxError) {
    return new TlxError(error.code, `download of ${card.url}: ${message}; try again later, ${byHand}`, {}, error);
  }
  const text = `cannot write to the cache folder (${message}); free space there, or name another folder by TLX_CACHE`;
  return new TlxError("E_WEIGHTS", `weights ${target}: ${text}`, {}, error);
}

export async function downloadWeights(
  card: DownloadCard,
  target: string,
  options: DownloadOptions = {},
): Promise<void> {
  let part: PartFolder | undefined;
  try {
    options.signal?.throwIfAborted();
    part = await PartFolder.claim(target);
    await fetchAll(card, part, options);
    const damage = await findDamage(part.data, card);
    if (damage) {
      await part.discard();
      throw new TlxError("E_NETWORK", `${damage}; what came is deleted`);
    }
    await part.commit();
  } catch (error) {
    await part?.release();
    options.signal?.throwIfAborted();
    throw explain(error, card, target);
  }
}
