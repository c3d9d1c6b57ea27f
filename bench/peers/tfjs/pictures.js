/**
 * Picture files to network inputs as a TensorFlow.js program does it: sharp decodes, the GPU resizes, crops and normalises.
 * The geometry is tlx's; the filter is `tf.image.resizeBilinear`, which reads four pixels however much a picture shrinks.
 */
import sharp from "sharp";

async function decode(file) {
  const { data, info } = await sharp(file)
    .autoOrient()
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function roundHalfToEven(x) {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

/** The shorter side becomes `resize`, then the centre square of `crop`. */
function resizeAndCrop(tf, { width, height, data }, { resize, crop }) {
  const longer = Math.trunc((resize * Math.max(width, height)) / Math.min(width, height));
  const [w, h] = width <= height ? [resize, longer] : [longer, resize];
  const resized = tf.image.resizeBilinear(tf.tensor3d(data, [height, width, 3], "int32"), [h, w], false, true);
  const corner = [h, w].map((extent) => roundHalfToEven((extent - crop) / 2));
  return tf.slice(resized, [...corner, 0], [crop, crop, 3]);
}

/** Batches [N, crop, crop, 3] in the order of `samples`; the next one is decoded while the one before is used. */
export async function* pictureBatches(tf, samples, preprocess, batch) {
  const decodeFrom = (from) => Promise.all(samples.slice(from, from + batch).map(({ file }) => decode(file)));
  let next = decodeFrom(0);
  for (let from = 0; from < samples.length; from += batch) {
    const pictures = await next;
    next = decodeFrom(from + batch);
    next.catch(() => {}); // thrown when its turn comes
    yield tf.tidy(() => {
      const pixels = tf.stack(pictures.map((picture) => resizeAndCrop(tf, picture, preprocess)));
      return tf.div(tf.sub(tf.div(pixels, 255), tf.tensor1d(preprocess.mean)), tf.tensor1d(preprocess.std));
    });
  }
}
