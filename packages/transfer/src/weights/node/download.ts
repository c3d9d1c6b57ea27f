/**
 * Downloads a file of weights: resumes, retries, and leaves the target only if length and SHA-256 are right.
 *
 * Throws   E_NETWORK for what the server or the way to it did; E_WEIGHTS where the target cannot be written;
 *          what `examine` throws; the reason of `signal` once that is aborted
 */
import { setTimeout as sleep } from "node:timers/promises";
import { TlxError } from "@tlx/kernels";
import type { DownloadProgress, WeightsCard } from "../source.js";
import { type Expected, findDamage } from "./checksum.js";
import { fetchPart } from "./fetch-part.js";
import { PartFolder } from "./part-folder.js";
import { type Credentials, Interruption } from "./request.js";

export interface DownloadOptions {
  readonly onProgress?: DownloadProgress;
  readonly signal?: AbortSignal;
  /** Allows http to 127.0.0.1 and ::1. */
  readonly allowLoopbackHttp?: boolean;
  /** Before the first retry; doubles with each. Half a second unless told. */
  readonly retryDelayMs?: number;
  /** A connection silent for this long counts as broken. Half a minute unless told. */
  readonly idleMs?: number;
  /** Sent to the host of the address where that is theirs, never on to another one. */
  readonly credentials?: Credentials;
  /** Looks at the whole file before it gets its name; what it throws ends the download, and the file is deleted. */
  readonly examine?: (file: string) => Promise<void>;
}

/** What is to be downloaded, and what is known of it. */
export type Download = Expected & Pick<WeightsCard, "untried" | "source"> & { readonly url: string };

const maxRetries = 3;

async function fetchAll(download: Download, part: PartFolder, options: DownloadOptions): Promise<Expected> {
  const { onProgress, signal, allowLoopbackHttp = false, idleMs = 30_000, retryDelayMs = 500, credentials } = options;
  const { url, bytes } = download;
  for (let retry = 0; ; retry++) {
    const kept = await part.progress();
    if (kept && kept.bytes === bytes) return {};
    let waitMs = retryDelayMs * 2 ** retry;
    try {
      return await fetchPart(url, part, { bytes, onProgress, signal, allowLoopbackHttp, idleMs, credentials });
    } catch (error) {
      if (!(error instanceof Interruption) || signal?.aborted || retry === maxRetries) throw error;
      waitMs = Math.max(waitMs, error.waitMs ?? 0);
    }
    await sleep(waitMs, undefined, { signal });
  }
}

function explain(error: unknown, { url, source, untried }: Download, target: string): TlxError {
  const { message } = error as Error;
  const address = url.replace(/\?.*/, ""); // what follows may be a signature
  const doubt = untried ? " (the address is as published: it was never tried where tlx is made)" : "";
  const byHand = `or put the file at ${target}: ${source}${doubt}`;
  if (error instanceof Interruption) {
    const text = `${message}; gave up after ${maxRetries + 1} attempts. Run it again, which goes on where it stopped`;
    return new TlxError("E_NETWORK", `download of ${address}: ${text}, ${byHand}`, {}, error);
  }
  if (error instanceof TlxError) {
    return new TlxError(error.code, `download of ${address}: ${message}; try again later, ${byHand}`, {}, error);
  }
  const why = (error as NodeJS.ErrnoException).code === "ENOSPC" ? "the disk is full" : message;
  const text = `cannot write to the cache folder (${why}); free space there, or name another folder by TLX_CACHE`;
  return new TlxError("E_WEIGHTS", `weights ${target}: ${text}`, {}, error);
}

/** Returns by what the file was checked: what was known of it, and what the asked host said where nothing was. */
export async function downloadWeights(
  download: Download,
  target: string,
  options: DownloadOptions = {},
): Promise<Expected> {
  let part: PartFolder | undefined;
  let isComplete = false;
  try {
    options.signal?.throwIfAborted();
    part = await PartFolder.claim(target);
    const announced = await fetchAll(download, part, options);
    const { bytes, sha256, sha256Prefix } = download;
    const expected: Expected =
      (sha256 ?? sha256Prefix) === undefined ? { bytes, ...announced } : { bytes, sha256, sha256Prefix };
    const damage = await findDamage(part.data, expected);
    if (damage) {
      await part.discard();
      throw new TlxError("E_NETWORK", `${damage}; what came is deleted`);
    }
    isComplete = true;
    await options.examine?.(part.data).catch(async (error) => {
      await part?.discard();
      throw error;
    });
    await part.commit();
    return expected;
  } catch (error) {
    await part?.release();
    options.signal?.throwIfAborted();
    if (isComplete && error instanceof TlxError) throw error;
    throw explain(error, download, target);
  }
}
