/**
 * Pictures from files, as the RGB that Pillow's convert("RGB") gives: alpha dropped (not blended), greyscale, palette and
 * CMYK to RGB, colour profile not applied. Unlike Pillow, the EXIF orientation is applied and 16-bit greys keep their high
 * byte instead of clipping.
 *
 * Throws   E_DATA for anything that is not a whole JPEG, PNG or WebP picture within the pixel cap
 */
import { readFileSync, statSync } from "node:fs";
import { TlxError } from "@tlx/kernels";
import {
  checkPictureBytes,
  checkPixels,
  DEFAULT_MAX_PIXELS,
  pictureFormat,
  refuseDamaged,
  refusePicture,
} from "../check-picture.js";
import type { Picture } from "../picture.js";
import { readPictureHeader } from "../picture-header.js";

export interface DecodeOptions {
  /** Pictures with more pixels are refused before they are decoded. Default 100 million. */
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
}

/** Decodes one picture at full size. Rejects with `signal.reason` when aborted between its stages. */
export async function decodePicture(file: string, options: DecodeOptions = {}): Promise<Picture> {
  return decodeBytes(file, readPicture(file, options), options);
}

/** Decodes the bytes of `file`, which is named in errors only. */
export async function decodeBytes(
  file: string,
  bytes: Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS, signal }: DecodeOptions = {},
): Promise<Picture> {
  signal?.throwIfAborted();
  const format = pictureFormat(file, bytes);
  const header = readPictureHeader(bytes, format);
  if (!header) throw refuseDamaged(file, format, "unreadable header", undefined);
  const { width, height, cmyk = false } = header;
  checkPixels(file, width, height, maxPixels);
  const sharp = await loadDecoder();
  try {
    // "warning" refuses what Pillow refuses: at "error" damaged JPEG data passes. The header may have promised fewer pixels.
    const source = sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, ignoreIcc: true, autoOrient: true });
    // Left alone, CMYK would go through a colour profile; Pillow's arithmetic is applied to the plain values instead.
    const decoded = cmyk
      ? source.pipelineColourspace("cmyk").toColourspace("cmyk")
      : source.removeAlpha().toColourspace("srgb").ensureAlpha();
    const { data, info } = await decoded.raw().toBuffer({ resolveWithObject: true });
    signal?.throwIfAborted();
    if (cmyk) cmykToRgb(data);
    return { width: info.width, height: info.height, data };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TlxError) throw error;
    throw refuseDamaged(file, format, reasonOf(error), error);
  }
}

type Decoder = typeof import("sharp").default;

let decoder: Promise<Decoder> | undefined;

/** Loaded when the first picture comes: many commands decode none, and this takes longer than all the rest of tlx. */
function loadDecoder(): Promise<Decoder> {
  decoder ??= import("sharp").then(({ default: sharp }) => {
    // One thread a picture: several pictures at a time use the cores better.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  });
  return decoder;
}

/**
 * The bytes of a file that may be a picture. Read at once: in steps, each would wait for its turn of the event loop, which sleeps
 * between polls on a software adapter.
 */
export function readPicture(file: string, { maxPixels = DEFAULT_MAX_PIXELS, signal }: DecodeOptions = {}): Uint8Array {
  signal?.throwIfAborted();
  try {
    // Looked at before opening: opening a pipe would wait for its writer.
    const entry = statSync(file);
    if (entry.isDirectory()) throw refusePicture(file, "a file", "a folder", "name the pictures in it");
    if (!entry.isFile()) throw refusePicture(file, "a file", "a pipe, socket or device", "name a picture file");
    checkPictureBytes(file, entry.size, maxPixels);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof TlxError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw refusePicture(file, "a file", "nothing at this path", "check the path", error);
    throw refusePicture(file, "a readable file", `${code ?? String(error)}`, "check its permissions", error);
  }
}

/** The first line of the decoder's message, without its prefixes. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text
    .split("\n")
    .map((l) => l.replace(/^Input buffer has corrupt header:|\b(VipsJpeg|vipspng|webp):/g, ""));
  return lines.map((l) => l.trim()).find((l) => l !== "") ?? "unreadable header";
}

/** In place, four bytes to four bytes: R = (1 - K)(1 - C), rounded as Pillow rounds it. */
function cmykToRgb(data: Uint8Array): void {
  for (let i = 0; i < data.length; i += 4) {
    const white = 255 - data[i + 3]!;
    for (let c = i; c < i + 3; c++) {
      const product = data[c]! * white + 128;
      data[c] = white - ((product + (product >> 8)) >> 8);
    }
    data[i + 3] = 255;
  }
}
