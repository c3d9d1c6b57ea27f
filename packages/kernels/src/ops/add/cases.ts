import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

const twice = (...shape: number[]): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: [f32(...shape), f32(...shape)],
  params: {},
});

export const addCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...twice(1), fill: () => 3 },
  { name: "odd", tags: ["edge"], ...twice(2, 5, 7, 3) },
  { name: "vectors", tags: ["edge"], ...twice(3, 41, 43, 12) },
  { name: "many-groups", tags: ["edge"], ...twice(65536 * 64 + 3) },
  { name: "mobilenet-v2-block-3", tags: ["model", "bench"], ...twice(1, 56, 56, 24) },
];
