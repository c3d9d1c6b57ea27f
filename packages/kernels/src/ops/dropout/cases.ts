import { f32, u32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { DropoutParams } from "./op.js";

export const dropoutOf = (
  rate: number,
  seed: number,
  step: number,
  shape: readonly number[],
): Pick<Case<DropoutParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape), u32(1)],
  params: { rate, seed },
  fill: (input, _index, random) => (input === 1 ? step : 1 + random()),
});

export const dropoutCases: readonly Case<DropoutParams>[] = [
  { name: "one", tags: ["edge"], ...dropoutOf(0.1, 1, 1, [1]) },
  { name: "odd", tags: ["edge"], ...dropoutOf(0.3, 7, 40, [2, 5, 7, 3]) },
  { name: "vectors", tags: ["edge"], ...dropoutOf(0.3, 7, 40, [41, 43, 12]) },
  { name: "keep-all", tags: ["edge"], ...dropoutOf(0, 3, 2, [5, 7]) },
  { name: "largest-seed", tags: ["edge"], ...dropoutOf(0.5, 2 ** 32 - 1, 2 ** 31, [11, 13]) },
  { name: "mobilenet-v2-head", tags: ["model"], ...dropoutOf(0.2, 1, 3, [32, 1280]) },
  { name: "vgg-16-hidden", tags: ["model", "bench"], ...dropoutOf(0.5, 1, 3, [64, 4096]) },
];
