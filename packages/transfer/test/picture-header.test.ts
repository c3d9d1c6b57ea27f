import sharp, { type Sharp } from "sharp";
import { expect, it } from "vitest";
import { formatOf, type PictureFormat } from "../src/data/picture-format.js";
import { readPictureHeader } from "../src/data/picture-header.js";

const raw = (channels: 3 | 4): Sharp =>
  sharp(
    Uint8Array.from({ length: channels * 300 * 17 }, (_, i) => (i * 7919) % 251),
    {
      raw: { width: 300, height: 17, channels },
    },
  );

it.each([
  ["JPEG", false, () => raw(3).jpeg()],
  ["JPEG, progressive with profile and EXIF", false, () => raw(3).withMetadata().jpeg({ progressive: true })],
  ["PNG", false, () => raw(3).withMetadata().png()],
  ["PNG with alpha", true, () => raw(4).png()],
  ["PNG with a palette", false, () => raw(3).png({ palette: true })],
  ["PNG with a palette and alpha", true, () => raw(4).png({ palette: true })],
  ["WebP", false, () => raw(3).webp()],
  ["WebP, extended", false, () => raw(3).withMetadata({ orientation: 3 }).webp()],
  ["WebP with alpha", true, () => raw(4).webp()],
  ["WebP, lossless", false, () => raw(3).webp({ lossless: true })],
  ["WebP, lossless with alpha", true, () => raw(4).webp({ lossless: true })],
])("%s", async (_, alpha, make) => {
  const buffer = await make().toBuffer();
  // At an offset of its own, as pictures in larger buffers are.
  const bytes = new Uint8Array(buffer.length + 3).subarray(3);
  bytes.set(buffer);
  const format = formatOf(bytes) as PictureFormat;
  expect(readPictureHeader(bytes, format)).toEqual({ width: 300, height: 17, alpha });
  for (let length = 0; length < 20; length++) {
    expect(readPictureHeader(bytes.subarray(0, length), format)).toBeUndefined();
  }
});
