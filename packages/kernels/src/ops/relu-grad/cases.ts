import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

/** Results at, between and beyond the kinks. */
export const reluResults = (input: number, index: number, random: () => number): number =>
  input === 1 ? 2 * random() - 1 : ([3, 0, 6, -1, 7][index % 11] ?? 6 * random());

const twice = (...shape: number[]): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape), f32(...shape)],
  params: {},
  fill: reluResults,
});

export const reluGradCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...twice(1) },
  { name: "odd", tags: ["edge"], ...twice(2, 5, 7, 3) },
  { name: "vectors", tags: ["edge"], ...twice(3, 41, 43, 12) },
  { name: "hidden-layer", tags: ["model"], ...twice(32, 256) },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], ...twice(1, 112, 112, 32) },
];
