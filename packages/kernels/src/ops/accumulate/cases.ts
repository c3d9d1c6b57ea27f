import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const accumulateOver = (
  first: boolean,
  ...shape: number[]
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape), f32(...shape), f32(12)],
  params: {},
  fill: (input, index, random) => (input < 2 ? 2 * random() - 1 : index === 10 && first ? 1 : 0),
});

export const accumulateCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...accumulateOver(false, 1) },
  { name: "first", tags: ["edge"], ...accumulateOver(true, 3, 5, 7) },
  { name: "later", tags: ["edge"], ...accumulateOver(false, 3, 5, 7) },
  { name: "first-vectors", tags: ["edge"], ...accumulateOver(true, 41, 4) },
  { name: "later-vectors", tags: ["edge"], ...accumulateOver(false, 41, 43, 12) },
  { name: "mobilenet-v2-classifier", tags: ["model", "bench"], ...accumulateOver(false, 1280, 100) },
];
