import { createHash } from "node:crypto";
import { decodeInOrder } from "../decode-in-order.js";
import type { Hashed, HashedOrCached } from "../picture.js";
import { type DecodeOptions, decodeBytes, readPicture } from "./decode.js";

export interface DecodeAllOptions extends DecodeOptions {
  /** Pictures in memory at a time, the one handed out included. Default 4, as many as Node decodes at once. */
  readonly concurrency?: number;
}

export interface HashAllOptions extends DecodeAllOptions {
  /** Pictures whose SHA-256 it accepts are handed out as `cached`, without having been decoded. */
  readonly skip: (hash: string) => boolean;
}

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
export function decodeAll<T extends { readonly file: string }>(
  items: Iterable<T>,
  { concurrency = 4, signal, skip, ...options }: Partial<HashAllOptions> = {},
): AsyncGenerator<HashedOrCached<T>, void, void> {
  const reader = {
    read: async ({ file }: T, either: AbortSignal) => readPicture(file, { ...options, signal: either }),
    hash: (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex"),
    decode: ({ file }: T, bytes: Uint8Array, either: AbortSignal) =>
      decodeBytes(file, bytes, { ...options, signal: either }),
  };
  return decodeInOrder(items, reader, { concurrency, signal, skip });
}
