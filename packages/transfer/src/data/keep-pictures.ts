/** A source of pictures that decodes each of them once, as far as memory of a fixed size holds them. */
import type { PictureSource } from "../train/extract-features.js";
import type { Sample } from "./dataset.js";
import type { Hashed } from "./picture.js";

/** For many passes over the same files. At most `bytes` of pictures are kept, those that came first. */
export function keepPictures(source: PictureSource, bytes: number): PictureSource {
  const kept = new Map<string, Extract<Hashed<Sample>, { readonly hash: string }>>();
  let room = bytes;
  return async function* (samples, options) {
    const missing = samples.filter(({ file }) => !kept.has(file));
    const rest = new Set(missing);
    const decoded = source(missing, options)[Symbol.asyncIterator]();
    try {
      for (const item of samples) {
        if (!rest.has(item)) {
          const { hash, picture } = kept.get(item.file)!;
          yield options.skip(hash) ? { item, hash, cached: true } : { item, hash, picture };
          continue;
        }
        const { value, done } = await decoded.next();
        if (done) return;
        if ("picture" in value && value.picture.data.byteLength <= room && !kept.has(item.file)) {
          room -= value.picture.data.byteLength;
          kept.set(item.file, value);
        }
        yield value;
      }
    } finally {
      await decoded.return?.();
    }
  };
}
