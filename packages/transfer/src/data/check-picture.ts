import { TlxError } from "@tlx/kernels";
import { formatOf, isPictureFormat, type PictureFormat } from "./picture-format.js";
import { quoteName } from "./quote-name.js";

/** Pictures with more pixels are refused unless told otherwise. */
export const DEFAULT_MAX_PIXELS = 100e6;

/** Header and metadata beside the pixels: more than this and 8 bytes a pixel is no picture of the allowed size. */
const EXTRA_BYTES = 64 * 2 ** 20;

/** The error of a picture that cannot be used. */
export function refusePicture(file: string, expected: string, found: string, todo: string, cause?: unknown): TlxError {
  const message = `picture ${quoteName(file)}: expected ${expected}, found ${found}; ${todo}`;
  return new TlxError("E_DATA", message, { file }, cause);
}

/** Of a file, before it is read. */
export function checkPictureBytes(file: string, bytes: number, maxPixels: number): void {
  const maxBytes = 8 * maxPixels + EXTRA_BYTES;
  if (bytes === 0) throw refusePicture(file, "a picture", "an empty file (0 bytes)", "replace or remove it");
  if (bytes > maxBytes) throw refusePicture(file, `at most ${maxBytes} bytes`, `${bytes}`, "make it smaller");
}

/** By content, and before any decoder sees the bytes. */
export function pictureFormat(file: string, bytes: Uint8Array): PictureFormat {
  const format = formatOf(bytes);
  if (isPictureFormat(format)) return format;
  throw refusePicture(file, "JPEG, PNG or WebP data", format, "convert or remove it");
}

/** By what the header says, before the pixels are decoded. */
export function checkPixels(file: string, width: number, height: number, maxPixels: number): void {
  const pixels = width * height;
  if (pixels <= maxPixels) return;
  throw refusePicture(file, `at most ${maxPixels} pixels`, `${width} x ${height} = ${pixels}`, "make it smaller");
}

/** The error of a picture that the decoder refused. */
export const refuseDamaged = (file: string, format: PictureFormat, reason: string, cause: unknown): TlxError =>
  refusePicture(
    file,
    `a whole ${format} picture`,
    `damaged or cut off data (${reason})`,
    "replace or remove it",
    cause,
  );
