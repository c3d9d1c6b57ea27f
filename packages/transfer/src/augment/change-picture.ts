/** A random change of a picture, for the preprocessor. Not part of it: pages that only predict do not load its kernel. */
import { augmentImage, augmentTable, i32, u8 } from "@tlx/kernels";
import { bindOp, bound } from "../bind-op.js";
import type { PictureChange } from "../preprocess.js";
import { type Augmentation, augmentationOf } from "./decisions.js";

/** What is erased becomes the mean colour, which the network sees as 0. */
export const changePicture = (augmentation: Augmentation): PictureChange => ({
  crop: augmentation.crop,
  bind(gpu, kept, square, { crop, mean }) {
    const [red, green, blue] = mean.map((m) => Math.min(255, Math.max(0, Math.round(255 * m))));
    const words = augmentTable(augmentation, [red!, green!, blue!]);
    const changes = kept.get("changes", words.byteLength);
    gpu.device.queue.writeBuffer(changes, 0, words as Int32Array<ArrayBuffer>);
    const pixels = kept.get("augmented", 4 * crop * crop);
    const inputs = [bound(gpu, u8(1, crop, crop, 4), square), bound(gpu, i32(1, words.length), changes)];
    return { dispatches: bindOp(gpu, kept, augmentImage, inputs, {}, { buffer: pixels }), pixels };
  },
});

/** What `augmentationOf` decides for a picture, as a change; undefined leaves it as it is. */
export function drawChange(...decision: Parameters<typeof augmentationOf>): PictureChange | undefined {
  const augmentation = augmentationOf(...decision);
  return augmentation && changePicture(augmentation);
}
