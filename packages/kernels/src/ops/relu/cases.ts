import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

// Values up to 8 reach both kinks.
export const acrossKinks = (_input: number, _index: number, random: () => number): number => 16 * random() - 8;

export const reluCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 3 },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7, 3)], params: {}, fill: acrossKinks },
  { name: "vectors", tags: ["edge"], inputs: [f32(3, 41, 43, 12)], params: {}, fill: acrossKinks },
  {
    name: "mobilenet-v2-stem",
    tags: ["model", "bench"],
    inputs: [f32(1, 112, 112, 32)],
    params: {},
    fill: acrossKinks,
  },
];
