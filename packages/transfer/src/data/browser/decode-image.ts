/**
 * Pictures from files in a page or a worker, as RGB of the stored values: alpha dropped (not blended), the EXIF orientation
 * applied, colour profiles not. In Chromium the pixels of JPEG, PNG and WebP are those of the decoder for Node, bit for bit (CMYK
 * JPEG: within 1); a browser with another JPEG decoder may be some levels apart. Chromium ignores the orientation of a WebP file,
 * and loses colours of transparent pixels where a picture has both transparency and an orientation.
 *
 * Throws   E_DATA for anything that is not a whole JPEG, PNG or WebP picture within the pixel cap
 */
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
import { readTransparent } from "./read-transparent.js";

export interface DecodeImageOptions {
  /** Names the picture in errors. Default: the name of a File, or "picture". */
  readonly name?: string;
  /** Pictures with more pixels are refused before they are decoded. Default 100 million. */
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
}

/** Decodes one picture at full size. Rejects with `signal.reason` when aborted between its stages. */
export async function decodeImage(source: Blob, options: DecodeImageOptions = {}): Promise<Picture> {
  const name = options.name ?? (source as Partial<File>).name ?? "picture";
  return decodeImageBytes(name, await readImage(name, source, options), options);
}

/** The bytes of a file that may be a picture. */
export async function readImage(
  name: string,
  source: Blob,
  { maxPixels = DEFAULT_MAX_PIXELS, signal }: DecodeImageOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  checkPictureBytes(name, source.size, maxPixels);
  try {
    return new Uint8Array(await source.arrayBuffer());
  } catch (error) {
    const todo = "choose it again: it was moved or changed since, or may not be read";
    throw refusePicture(name, "a readable file", String(error), todo, error);
  }
}

/** Decodes the bytes of a picture, which is named in errors only. */
export async function decodeImageBytes(
  name: string,
  bytes: Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS, signal }: DecodeImageOptions = {},
): Promise<Picture> {
  signal?.throwIfAborted();
  const format = pictureFormat(name, bytes);
  const header = readPictureHeader(bytes, format);
  if (!header) throw refuseDamaged(name, format, "unreadable header", undefined);
  checkPixels(name, header.width, header.height, maxPixels);
  let bitmap: ImageBitmap | undefined;
  try {
    // A type that contradicts the content would be believed, so none is given.
    bitmap = await createImageBitmap(new Blob([bytes]), {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
    signal?.throwIfAborted();
    // By the decoder's own word: the header may have promised less.
    checkPixels(name, bitmap.width, bitmap.height, maxPixels);
    const data = header.alpha ? readTransparent(name, bitmap) : readOpaque(bitmap);
    return { width: bitmap.width, height: bitmap.height, data };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TlxError) throw error;
    throw refuseDamaged(name, format, error instanceof Error ? error.message : String(error), error);
  } finally {
    bitmap?.close();
  }
}

function readOpaque(bitmap: ImageBitmap): Uint8Array {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser has no memory for a canvas of this size");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
