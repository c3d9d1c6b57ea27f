import { sha256 } from "../../sha256.js";
import type { PictureSource } from "../../train/extract-features.js";
import { refusePicture } from "../check-picture.js";
import type { Sample } from "../dataset.js";
import { decodeInOrder } from "../decode-in-order.js";
import { decodeImageBytes, readImage } from "./decode-image.js";

export interface FilePicturesOptions {
  /** Pictures with more pixels are refused before they are decoded. Default 100 million. */
  readonly maxPixels?: number;
  /** Pictures in memory at a time, the one handed out included. Default 4. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

/**
 * The pictures of samples whose `file` is a key of `files`, several at a time and in order. Each file is read once; its hash is
 * that of the bytes that are decoded. A picture that cannot be used is handed out as its E_DATA error.
 */
export function filePictures(files: ReadonlyMap<string, Blob>, options: FilePicturesOptions = {}): PictureSource {
  const { maxPixels, concurrency = 4, signal } = options;
  return (samples, { skip }) => {
    const reader = {
      read: ({ file }: Sample, either: AbortSignal) =>
        readImage(file, findFile(files, file), { maxPixels, signal: either }),
      hash: sha256,
      decode: ({ file }: Sample, bytes: Uint8Array, either: AbortSignal) =>
        decodeImageBytes(file, bytes, { maxPixels, signal: either }),
    };
    return decodeInOrder(samples, reader, { concurrency, signal, skip });
  };
}

function findFile(files: ReadonlyMap<string, Blob>, path: string): Blob {
  const file = files.get(path);
  if (!file) throw refusePicture(path, "a file", "none of this path", "give the files the data set was made from");
  return file;
}
