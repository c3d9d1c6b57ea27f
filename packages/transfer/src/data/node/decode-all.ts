import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { TlxError } from "@tlx/kernels";
import type { Hashed, HashedOrCached } from "../picture.js";
import { type DecodeOptions, decodeBytes, readPicture } from "./decode.js";

export interface DecodeAllOptions extends DecodeOptions {
  /** Pictures in memory at a time, the one handed out included. Default: the cores, at most 4. */
  readonly concurrency?: number;
}

export interface HashAllOptions extends DecodeAllOptions {
  /** Pictures whose SHA-256 it accepts are handed out as `cached`, without having been decoded. */
  readonly skip: (hash: string) => boolean;
}

type Outcome<T> = HashedOrCached<T> | { readonly failure: unknown };

/**
 * Decodes the files of many items, several at a time, and hands them out in the order of `items`, whichever finishes first.
 * Every file is read once; its hash is that of the bytes that are decoded. A picture that cannot be used is handed out as its
 * E_DATA error; an abort ends the iteration with `signal.reason`.
 */
export function decodeAll<T extends { readonly file: string }>(
  items: Iterable<T>,
  options: HashAllOptions,
): AsyncGenerator<HashedOrCached<T>, void, void>;
export function decodeAll<T extends { readonly file: string }>(
  items: Iterable<T>,
  options?: DecodeAllOptions,
): AsyncGenerator<Hashed<T>, void, void>;
export async function* decodeAll<T extends { readonly file: string }>(
  items: Iterable<T>,
  { concurrency = Math.min(4, availableParallelism()), signal, skip, ...options }: Partial<HashAllOptions> = {},
): AsyncGenerator<HashedOrCached<T>, void, void> {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new TlxError("E_USAGE", `decodeAll: concurrency must be a positive integer, found ${concurrency}`);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const start = async (item: T): Promise<Outcome<T>> => {
    try {
      const bytes = await readPicture(item.file, { ...options, signal: either });
      const hash = createHash("sha256").update(bytes).digest("hex");
      if (skip?.(hash)) return { item, hash, cached: true };
      return { item, hash, picture: await decodeBytes(item.file, bytes, { ...options, signal: either }) };
    } catch (error) {
      return error instanceof TlxError && error.code === "E_DATA" ? { item, error } : { failure: error };
    }
  };
  const rest = items[Symbol.iterator]();
  const pending: Promise<Outcome<T>>[] = [];
  try {
    for (;;) {
      while (pending.length < concurrency) {
        const next = rest.next();
        if (next.done) break;
        pending.push(start(next.value));
      }
      const head = pending.shift();
      if (!head) return;
      const outcome = await head;
      signal?.throwIfAborted();
      if ("failure" in outcome) throw outcome.failure;
      yield outcome;
    }
  } finally {
    stop.abort();
    await Promise.all(pending);
    rest.return?.();
  }
}
