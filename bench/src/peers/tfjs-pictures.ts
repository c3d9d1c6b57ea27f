/**
 * Picture files to network inputs as a TensorFlow.js program does it: sharp decodes, the GPU resizes, crops and normalises.
 * The geometry is tlx's; the filter is `tf.image.resizeBilinear`, which reads four pixels however much a picture shrinks.
 */
import { type PreprocessSpec, preprocessGeometry, type Sample } from "@tlx/transfer";
import sharp from "sharp";
import type { Tensor, Tf } from "./open-tfjs.js";

interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

async function decode(file: string): Promise<Rgb> {
  const { data, info } = await sharp(file)
    .autoOrient()
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** [crop, crop, 3] */
function resizeAndCrop(tf: Tf, { width, height, data }: Rgb, spec: PreprocessSpec): Tensor {
  const { crop } = spec;
  const { width: w, height: h, left, top } = preprocessGeometry(width, height, spec);
  const resized = tf.image.resizeBilinear(tf.tensor3d(data, [height, width, 3], "int32"), [h, w], false, true);
  return tf.slice(resized, [top, left, 0], [crop, crop, 3]);
}

/** Batches [N, crop, crop, 3] in the order of `samples`; the next one is decoded while the one before is used. */
export async function* tfjsPictures(
  tf: Tf,
  samples: readonly Sample[],
  spec: PreprocessSpec,
  batch: number,
): AsyncGenerator<Tensor> {
  const decodeFrom = (from: number): Promise<Rgb[]> =>
    Promise.all(samples.slice(from, from + batch).map(({ file }) => decode(file)));
  let next = decodeFrom(0);
  for (let from = 0; from < samples.length; from += batch) {
    const pictures = await next;
    next = decodeFrom(from + batch);
    next.catch(() => {}); // thrown when its turn comes
    yield tf.tidy(() => {
      const pixels = tf.stack(pictures.map((p) => resizeAndCrop(tf, p, spec)));
      return tf.div(tf.sub(tf.div(pixels, 255), tf.tensor1d([...spec.mean])), tf.tensor1d([...spec.std]));
    });
  }
}
