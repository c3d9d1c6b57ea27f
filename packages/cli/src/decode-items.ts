import type { Decoded } from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";

/** Decodes the file of every item, in order. */
export async function* decodeItems<T extends { readonly file: string }>(
  items: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<Decoded<T>> {
  let next = 0;
  for await (const decoded of decodeAll(
    items.map((item) => item.file),
    { signal },
  )) {
    const item = items[next++] as T;
    yield "error" in decoded ? { item, error: decoded.error } : { item, picture: decoded.picture };
  }
}
