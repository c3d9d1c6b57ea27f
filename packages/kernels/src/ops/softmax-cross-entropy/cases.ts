import { f32, u32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import { weightOf } from "../loss/weight-of.js";
import type { CrossEntropyParams } from "./op.js";

/** B samples of K classes with weights that sum to 1; every `padding`-th sample has weight 0. */
export const crossEntropyBatch = (
  samples: number,
  classes: number,
  padding: number = Number.POSITIVE_INFINITY,
  scale = 10,
  smoothing = 0,
): Pick<Case<CrossEntropyParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(samples, classes), u32(samples), f32(samples)],
  params: { smoothing },
  fill(input, index, random) {
    if (input === 0) return scale * (2 * random() - 1);
    return input === 1 ? Math.floor(classes * random()) : weightOf(index, samples, padding);
  },
});

export const softmaxCrossEntropyCases: readonly Case<CrossEntropyParams>[] = [
  { name: "two-classes", tags: ["edge"], ...crossEntropyBatch(1, 2) },
  { name: "odd", tags: ["edge"], ...crossEntropyBatch(5, 7) },
  { name: "padded", tags: ["edge"], ...crossEntropyBatch(11, 3, 4) },
  { name: "huge-logits", tags: ["edge"], ...crossEntropyBatch(3, 67, undefined, 1000) },
  { name: "many-samples", tags: ["edge"], ...crossEntropyBatch(65537, 3) },
  { name: "smoothed", tags: ["edge"], ...crossEntropyBatch(11, 7, 4, 3, 0.3) },
  { name: "smoothed-many-classes", tags: ["edge"], ...crossEntropyBatch(2, 131, undefined, 10, 0.1) },
  { name: "vectors", tags: ["edge"], ...crossEntropyBatch(7, 12, 4) },
  { name: "smoothed-many-vectors", tags: ["edge"], ...crossEntropyBatch(2, 5004, undefined, 10, 0.1) },
  { name: "flowers-smoothed", tags: ["model"], ...crossEntropyBatch(32, 5, undefined, 5, 0.1) },
  { name: "flowers", tags: ["model"], ...crossEntropyBatch(32, 5) },
  { name: "imagenet", tags: ["model", "bench"], ...crossEntropyBatch(32, 1000) },
];
