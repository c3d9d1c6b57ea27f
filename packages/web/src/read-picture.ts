/** Pixels of whatever a page calls a picture. */
import { TlxError } from "@tlx/kernels";
import type { Picture } from "@tlx/transfer";
import { fetchBlob, resolveUrl } from "./fetch-file.js";
import { decodeImage } from "./load.js";

/** A text is an address. An element gives what it shows at the moment. */
export type PictureSource =
  | Blob
  | URL
  | string
  | ImageBitmap
  | HTMLImageElement
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageData
  | Picture;

type Drawn = Exclude<PictureSource, Blob | URL | string | ImageData | Picture>;

/**
 * Decodes `source` where it is a file or an address, else copies its pixels.
 * Throws E_DATA for what is no picture or must not be read, E_NETWORK when there is nothing at the address.
 */
export async function readPicture(source: PictureSource, signal?: AbortSignal): Promise<Picture> {
  signal?.throwIfAborted();
  if (typeof source === "string" || source instanceof URL) {
    return decodeImage(await fetchBlob(resolveUrl(source), "picture", signal), { name: String(source), signal });
  }
  if (source instanceof Blob) return decodeImage(source, { signal });
  if (typeof source !== "object" || source === null) {
    const todo = "give a file, an address, an element or pixels";
    throw new TlxError("E_DATA", `picture: expected one, found ${String(source)}; ${todo}`);
  }
  return "data" in source ? pictureOf(source) : drawPicture(source);
}

function pictureOf({ width, height, data }: ImageData | Picture): Picture {
  if (data.length === 4 * width * height) {
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  }
  throw new TlxError(
    "E_DATA",
    `picture: expected ${width} x ${height} pixels of 4 bytes, found ${data.length} bytes; give RGBA with 8 bits each`,
  );
}

async function drawPicture(source: Drawn): Promise<Picture> {
  let bitmap: ImageBitmap | undefined;
  try {
    if ("decode" in source) await source.decode();
    bitmap = await createImageBitmap(source, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("the browser gives no canvas of this size");
    context.drawImage(bitmap, 0, 0);
    return pictureOf(context.getImageData(0, 0, width, height));
  } catch (error) {
    throw new TlxError(
      "E_DATA",
      `picture: expected an element with pixels that the page may read, found none (${String(error)}); wait until it is loaded, and serve pictures of other origins with CORS headers`,
      {},
      error,
    );
  } finally {
    bitmap?.close();
  }
}
