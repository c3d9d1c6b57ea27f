import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import { weightOf } from "../loss/weight-of.js";
import type { DistillationParams } from "./op.js";

/** Logits of B samples of K classes, up to `scale` from zero; every `padding`-th sample has weight 0. */
export const distillationBatch = (
  samples: number,
  classes: number,
  temperature: number,
  padding: number = Number.POSITIVE_INFINITY,
  scale = 10,
): Pick<Case<DistillationParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(samples, classes), f32(samples, classes), f32(samples)],
  params: { temperature },
  fill: (input, index, random) => (input === 2 ? weightOf(index, samples, padding) : scale * (2 * random() - 1)),
});

export const distillationCases: readonly Case<DistillationParams>[] = [
  { name: "two-classes", tags: ["edge"], ...distillationBatch(1, 2, 2) },
  { name: "odd", tags: ["edge"], ...distillationBatch(5, 7, 4) },
  { name: "padded", tags: ["edge"], ...distillationBatch(11, 3, 3, 4) },
  { name: "vectors", tags: ["edge"], ...distillationBatch(7, 12, 1, 4) },
  { name: "cold", tags: ["edge"], ...distillationBatch(3, 13, 0.3) },
  // Most probabilities underflow.
  { name: "huge-logits", tags: ["edge"], ...distillationBatch(3, 67, 1, undefined, 1000) },
  { name: "many-samples", tags: ["edge"], ...distillationBatch(65537, 3, 2) },
  { name: "many-vectors", tags: ["edge"], ...distillationBatch(2, 5004, 2.5) },
  { name: "flowers", tags: ["model"], ...distillationBatch(32, 5, 2, undefined, 5) },
  { name: "imagenet", tags: ["model", "bench"], ...distillationBatch(64, 1000, 4) },
];
