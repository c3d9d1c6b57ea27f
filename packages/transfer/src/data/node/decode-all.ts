import { availableParallelism } from "node:os";
import { TlxError } from "@tlx/kernels";
import type { Decoded } from "../picture.js";
import { type DecodeOptions, decodePicture } from "./decode.js";

export interface DecodeAllOptions extends DecodeOptions {
  /** Pictures in memory at a time, the one handed out included. Default: the cores, at most 4. */
  readonly concurrency?: number;
}

type Outcome<T> = Decoded<T> | { readonly failure: unknown };

/**
 * Decodes the files of many items, several at a time, and hands them out in the order of `items`, whichever finishes first.
 * A picture that cannot be used is handed out as its E_DATA error; an abort ends the iteration with `signal.reason`.
 */
export async function* decodeAll<T extends { readonly file: string }>(
  items: Iterable<T>,
  { concurrency = Math.min(4, availableParallelism()), signal, ...options }: DecodeAllOptions = {},
): AsyncGenerator<Decoded<T>, void, void> {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new TlxError("E_USAGE", `decodeAll: concurrency must be a positive integer, found ${concurrency}`);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const start = (item: T): Promise<Outcome<T>> =>
    decodePicture(item.file, { ...options, signal: either }).then(
      (picture) => ({ item, picture }),
      (error) => (error instanceof TlxError && error.code === "E_DATA" ? { item, error } : { failure: error }),
    );
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
