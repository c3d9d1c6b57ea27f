import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const averageOver = (
  decay: number,
  norm: number,
  ...shape: number[]
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape), f32(...shape), f32(12), f32(1)],
  params: {},
  fill: (input, index, random) => (input < 2 ? 2 * random() - 1 : input === 3 ? norm : index === 9 ? decay : 0),
});

export const updateAverageCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...averageOver(0.75, 1, 1) },
  { name: "odd", tags: ["edge"], ...averageOver(0.9, 1, 3, 5, 7) },
  { name: "no-memory", tags: ["edge"], ...averageOver(0, 0, 11) },
  { name: "norm-infinite", tags: ["edge"], ...averageOver(0.9, Number.POSITIVE_INFINITY, 131) },
  { name: "norm-not-a-number", tags: ["edge"], ...averageOver(0.9, Number.NaN, 131) },
  { name: "mobilenet-v2-classifier", tags: ["model", "bench"], ...averageOver(0.999, 1, 1280, 100) },
];
