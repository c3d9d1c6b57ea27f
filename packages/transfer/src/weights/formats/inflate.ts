/**
 * Raw deflate by the platform's own decoder, to exactly `size` bytes; undefined when the data are another length or damaged, or
 * when no memory of that size is to be had.
 */
export async function inflate(packed: Uint8Array, size: number): Promise<Uint8Array | undefined> {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  // A failure of the decoder comes out at the reader.
  const fed = writer.write(packed).then(() => writer.close());
  fed.catch(() => {});
  const reader = readable.getReader();
  try {
    const bytes = new Uint8Array(size);
    let at = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !value) break;
      if (at + value.length > size) {
        await reader.cancel();
        return undefined;
      }
      bytes.set(value, at);
      at += value.length;
    }
    return at === size ? bytes : undefined;
  } catch {
    return undefined;
  }
}
