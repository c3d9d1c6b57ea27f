/**
 * Weights by URL, kept in Cache Storage: an entry is put whole or not at all, and page and worker reach it in every browser.
 * Entries are filed by their SHA-256, so weights at two addresses are kept once, and what was published anew is fetched anew.
 *
 * Throws   E_NETWORK for what the server or the way to it did; the reason of `signal` once that is aborted
 */
import { check, TlxError } from "@tlx/kernels";
import { sha256 } from "../../sha256.js";
import type { DownloadProgress, WeightsCard } from "../source.js";
import { fetchBytes } from "./fetch-bytes.js";

/** Where weights are and what they must be. */
export type WeightsAddress = Pick<WeightsCard, "bytes"> & { readonly url: string; readonly sha256: string };

export interface FetchWeightsOptions {
  /** Look in Cache Storage first, and keep there what came. Default true. */
  readonly cache?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: DownloadProgress;
  /** Takes what costs a download and changes no result. */
  readonly onWarning?: (message: string) => void;
  /** Before the first retry; doubles with each. Half a second unless told. */
  readonly retryDelayMs?: number;
  /** A connection silent for this long counts as broken. Half a minute unless told. */
  readonly idleMs?: number;
}

const CACHE = "tlx-weights";

/** The bytes of a weights file, whose length and SHA-256 were checked. */
export async function fetchWeights(address: WeightsAddress, options: FetchWeightsOptions = {}): Promise<Uint8Array> {
  const { cache = true, signal, onWarning = () => {} } = options;
  const wanted = { ...address, sha256: address.sha256.toLowerCase() };
  check(
    /^[0-9a-f]{64}$/.test(wanted.sha256),
    "E_USAGE",
    () => `weights ${address.url}: expected a SHA-256 of 64 hexadecimal digits, found "${address.sha256}"`,
  );
  signal?.throwIfAborted();
  const tell = (doing: string, error: unknown): void =>
    onWarning(`weights ${address.url}: ${doing} failed (${String(error)}); they are used, and fetched again next time`);
  if (cache) {
    const kept = await readKept(wanted.sha256).catch((error) => void tell("reading the browser's storage", error));
    if (kept) return kept;
  }
  const bytes = await download(wanted, options);
  if (cache) await keep(wanted.sha256, bytes).catch((error) => tell("keeping them in the browser's storage", error));
  signal?.throwIfAborted();
  return bytes;
}

/** A name that no server has: entries belong to a hash, not to an address. */
const entryOf = (hash: string): string => `https://weights.tlx.invalid/${hash}`;

/** What is kept, checked; a damaged entry is thrown away. */
async function readKept(hash: string): Promise<Uint8Array | undefined> {
  const store = await caches.open(CACHE);
  const found = await store.match(entryOf(hash));
  if (!found) return undefined;
  const bytes = await found.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  if ((await sha256(bytes)) === hash) return bytes;
  await store.delete(entryOf(hash));
  return undefined;
}

async function keep(hash: string, bytes: Uint8Array): Promise<void> {
  await (await caches.open(CACHE)).put(entryOf(hash), new Response(bytes));
}

async function download(address: WeightsAddress, options: FetchWeightsOptions): Promise<Uint8Array> {
  for (let resume = true; ; resume = false) {
    const { bytes, resumed } = await fetchBytes(address, { ...options, resume });
    const found = await sha256(bytes);
    if (found === address.sha256) return bytes;
    // Parts of two files, where the server did not say that it had changed.
    if (resumed) continue;
    const todo = "the server holds another file: correct the address or the hash";
    throw new TlxError(
      "E_NETWORK",
      `download of ${address.url}: expected SHA-256 ${address.sha256}, found ${found}; ${todo}`,
    );
  }
}
