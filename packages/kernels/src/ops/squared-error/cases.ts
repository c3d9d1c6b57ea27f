import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import { weightOf } from "../loss/weight-of.js";

/** B rows of K numbers up to `offset + scale`; every `padding`-th has weight 0. */
export const squaredErrorBatch = (
  samples: number,
  columns: number,
  padding: number = Number.POSITIVE_INFINITY,
  scale = 1,
  offset = 0,
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(samples, columns), f32(samples, columns), f32(samples)],
  params: {},
  fill: (input, index, random) =>
    input === 2 ? weightOf(index, samples, padding) : offset + scale * (2 * random() - 1),
});

export const squaredErrorCases: readonly Case<NoParams>[] = [
  { name: "one-number", tags: ["edge"], ...squaredErrorBatch(2, 1) },
  { name: "odd", tags: ["edge"], ...squaredErrorBatch(5, 7) },
  { name: "padded", tags: ["edge"], ...squaredErrorBatch(11, 3, 4) },
  { name: "vectors", tags: ["edge"], ...squaredErrorBatch(7, 12, 4) },
  // Expanded squares would lose the difference.
  { name: "far-from-zero", tags: ["edge"], ...squaredErrorBatch(3, 67, undefined, 1, 1000) },
  { name: "many-samples", tags: ["edge"], ...squaredErrorBatch(65537, 3) },
  { name: "many-vectors", tags: ["edge"], ...squaredErrorBatch(2, 5004) },
  { name: "features", tags: ["model", "bench"], ...squaredErrorBatch(64, 1280) },
];
