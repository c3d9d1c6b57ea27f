/**
 * A file from a server into memory: goes on where a broken connection stopped, if the server has ranges, and anew if not.
 *
 * Throws   E_NETWORK for what the server or the way to it did; the reason of `signal` once that is aborted
 */
import { check, TlxError } from "@tlx/kernels";
import type { DownloadProgress } from "../source.js";

export interface FetchBytesOptions {
  /** Go on after a break; otherwise every attempt begins anew. */
  readonly resume: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: DownloadProgress;
  readonly retryDelayMs?: number;
  readonly idleMs?: number;
}

export interface FetchedBytes {
  readonly bytes: Uint8Array;
  /** Were they put together from more than one answer? */
  readonly resumed: boolean;
}

const MAX_RETRIES = 3;

/** What another attempt may mend. */
class Interruption extends Error {}

/** What has come so far. */
interface Part {
  chunks: Uint8Array[];
  received: number;
  etag: string | null;
  resumed: boolean;
}

const nothing = (etag: string | null = null): Part => ({ chunks: [], received: 0, etag, resumed: false });

export async function fetchBytes(
  { url, bytes }: { readonly url: string; readonly bytes?: number },
  { resume, signal, onProgress = () => {}, retryDelayMs = 500, idleMs = 30_000 }: FetchBytesOptions,
): Promise<FetchedBytes> {
  const part = nothing();
  for (let retry = 0; ; retry++) {
    try {
      if (!resume) Object.assign(part, nothing());
      await attempt(url, part, { bytes, signal, onProgress, idleMs });
      return { bytes: join(part), resumed: part.resumed };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Interruption)) throw error;
      if (retry === MAX_RETRIES) {
        const hint = "is the address right, and does its server allow this page (CORS)?";
        const text = `${error.message}; gave up after ${MAX_RETRIES + 1} attempts. Try again later; ${hint}`;
        throw new TlxError("E_NETWORK", `download of ${url}: ${text}`, {}, error);
      }
    }
    await pause(retryDelayMs * 2 ** retry, signal);
  }
}

interface AttemptOptions {
  readonly bytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress: DownloadProgress;
  readonly idleMs: number;
}

/** Asks for what the part lacks, and appends what comes. */
async function attempt(url: string, part: Part, { bytes, signal, onProgress, idleMs }: AttemptOptions): Promise<void> {
  const stop = new AbortController();
  let timer: unknown;
  const rewind = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(new Error(`nothing came for ${idleMs} ms`)), idleMs);
  };
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    rewind();
    const response = await fetch(url, { headers: headersFor(part), signal: either }).catch((error: Error) => {
      throw new Interruption(`the server was not reached (${error.message})`);
    });
    settle(url, response, part);
    const total = bytes ?? lengthOf(response, part);
    onProgress(part.received, total);
    const reader = response.body?.getReader();
    for (;;) {
      const next = await reader?.read().catch((error: Error) => {
        throw new Interruption(
          `the connection ended after ${part.received} of ${total ?? "?"} bytes (${error.message})`,
        );
      });
      if (!next?.value) break;
      rewind();
      part.chunks.push(next.value);
      part.received += next.value.length;
      const more = bytes !== undefined && part.received > bytes;
      check(!more, "E_NETWORK", () => `download of ${url}: expected ${bytes} bytes, the server sends more`);
      onProgress(part.received, total);
    }
    if (total !== undefined && part.received < total) {
      throw new Interruption(`the connection ended after ${part.received} of ${total} bytes`);
    }
  } finally {
    clearTimeout(timer);
    // Closes the connection if the answer was not read to its end.
    stop.abort();
  }
}

/** Another site must allow If-Range and show its ETag; without, the hash at the end judges. */
function headersFor({ received, etag }: Part): Record<string, string> {
  if (received === 0) return {};
  return { range: `bytes=${received}-`, ...(etag?.startsWith('"') && { "if-range": etag }) };
}

/** Begins the part anew where the answer is the whole file. Throws where it is neither that nor the rest. */
function settle(url: string, response: Response, part: Part): void {
  const { status, statusText, headers } = response;
  const etag = headers.get("etag");
  const wrong = (found: string): TlxError =>
    new TlxError("E_NETWORK", `download of ${url}: ${found}; correct the address or try again later`);
  // What servers of single-page apps give for files that are not there.
  if (headers.get("content-type")?.startsWith("text/html")) throw wrong("expected the file, found a web page");
  if (status === 200) {
    Object.assign(part, nothing(etag));
    return;
  }
  if (status === 206 && part.received > 0 && etag === part.etag) {
    // Another site need not show the range.
    const range = headers.get("content-range");
    if (range === null || range.startsWith(`bytes ${part.received}-`)) {
      part.resumed = true;
      return;
    }
  }
  const found = `expected the file, the server answered ${status} ${statusText}`.trimEnd();
  if (status === 206 || status === 416) {
    Object.assign(part, nothing());
    throw new Interruption("the server cannot go on where the download stopped");
  }
  if (status === 408 || status === 429 || status >= 500) throw new Interruption(found);
  throw wrong(found);
}

/** Of the whole file. The length of an encoded answer is not that of its content. */
function lengthOf(response: Response, { received }: Part): number | undefined {
  const length = response.headers.get("content-length");
  const encoding = response.headers.get("content-encoding") ?? "identity";
  return length === null || encoding !== "identity" ? undefined : received + Number(length);
}

function join({ chunks, received }: Part): Uint8Array {
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks.splice(0)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const until = performance.now() + ms;
  // In short naps: an abort need not wait for the end.
  for (let left = ms; left > 0; left = until - performance.now()) {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => setTimeout(resolve, Math.min(left, 50)));
  }
  signal?.throwIfAborted();
}
