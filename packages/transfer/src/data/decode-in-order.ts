import { TlxError } from "@tlx/kernels";
import type { HashedOrCached, Picture } from "./picture.js";

/** How pictures are read, hashed and decoded where the code runs. */
export interface PictureReader<T> {
  read(item: T, signal: AbortSignal): Promise<Uint8Array>;
  hash(bytes: Uint8Array): string | Promise<string>;
  decode(item: T, bytes: Uint8Array, signal: AbortSignal): Promise<Picture>;
}

export interface InOrderOptions {
  /** Pictures in memory at a time, the one handed out included. */
  readonly concurrency: number;
  readonly signal?: AbortSignal;
  /** Pictures whose SHA-256 it accepts are handed out as `cached`, without having been decoded. */
  readonly skip?: (hash: string) => boolean;
}

type Outcome<T> = HashedOrCached<T> | { readonly failure: unknown };

/**
 * Decodes many pictures, several at a time, and hands them out in the order of `items`, whichever finishes first. A picture
 * that cannot be used is handed out as its E_DATA error; an abort ends the iteration with `signal.reason`.
 */
export async function* decodeInOrder<T>(
  items: Iterable<T>,
  reader: PictureReader<T>,
  { concurrency, signal, skip }: InOrderOptions,
): AsyncGenerator<HashedOrCached<T>, void, void> {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new TlxError("E_USAGE", `pictures: concurrency must be a positive integer, found ${concurrency}`);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const start = async (item: T): Promise<Outcome<T>> => {
    try {
      const bytes = await reader.read(item, either);
      const hash = await reader.hash(bytes);
      if (skip?.(hash)) return { item, hash, cached: true };
      return { item, hash, picture: await reader.decode(item, bytes, either) };
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
