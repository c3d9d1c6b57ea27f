/** A picture as a network takes it, in JS memory: f32 [S, S, 3], flat. */
import { Arena, f32, type Gpu, Reader, Usage } from "@tlx/kernels";
import type { Picture } from "../data/picture.js";
import { Preprocessor, type PreprocessSpec } from "../preprocess.js";

export async function preparePicture(gpu: Gpu, picture: Picture, spec: PreprocessSpec): Promise<Float32Array> {
  const preprocessor = new Preprocessor(gpu, spec);
  const arena = new Arena(gpu, "picture");
  const reader = new Reader(gpu, "picture");
  try {
    const { crop } = spec;
    const usage = Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST;
    const buffer = arena.buffer(crop * crop * 3 * 4, usage, "image");
    await preprocessor.run(picture, buffer, 0);
    const { data } = await reader.read(buffer, f32(crop, crop, 3));
    return data as Float32Array;
  } finally {
    preprocessor.dispose();
    reader.dispose();
    arena.dispose();
  }
}
