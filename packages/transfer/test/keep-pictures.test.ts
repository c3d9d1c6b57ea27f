import { keepPictures, type PictureSource, type Sample } from "@tlx/transfer";
import { expect, it } from "vitest";
import { madePictures, madeSamples } from "./tiny-model.js";

const samples = madeSamples("train", 4);
/** Bytes of a made picture. */
const PICTURE = 4 * 12 * 12;

function counting(): { readonly source: PictureSource; readonly decoded: string[] } {
  const decoded: string[] = [];
  const source: PictureSource = async function* (items, options) {
    for await (const found of madePictures(items, new Set([samples[2]!.file]), options)) {
      if ("picture" in found) decoded.push(found.item.file);
      yield found;
    }
  };
  return { source, decoded };
}

async function all(source: PictureSource, items: readonly Sample[], skip = (_hash: string): boolean => false) {
  const found = [];
  for await (const one of source(items, { skip })) found.push(one);
  return found;
}

it("decodes what fits once, and hands out the same in any order", async () => {
  const { source, decoded } = counting();
  const kept = keepPictures(source, 3 * PICTURE);
  const first = await all(kept, samples);
  const { source: plain } = counting();
  expect(first).toEqual(await all(plain, samples));
  expect(decoded).toHaveLength(7);
  const order = samples.toReversed();
  expect(await all(kept, order)).toEqual(first.toReversed());
  // Three of the seven that can be read were kept.
  expect(decoded).toHaveLength(7 + 4);
});

it("says of a kept picture that it need not be decoded, as its source does", async () => {
  const { source } = counting();
  const kept = keepPictures(source, 100 * PICTURE);
  await all(kept, samples);
  const found = await all(kept, samples.slice(0, 1), () => true);
  expect(found).toEqual([{ item: samples[0], hash: expect.any(String), cached: true }]);
});

it("ends its source when it is left", async () => {
  let ended = false;
  const kept = keepPictures(async function* (items, options) {
    try {
      yield* madePictures(items, new Set(), options);
    } finally {
      ended = true;
    }
  }, PICTURE);
  for await (const _ of kept(samples, { skip: () => false })) break;
  expect(ended).toBe(true);
});
