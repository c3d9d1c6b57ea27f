import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import { acrossKinks } from "../relu/cases.js";

/** Kinks, and what exp makes zero or infinite of float32; as many as are too large to be differentiated by tests. */
const far = [0, -3, 3, -100, 100, -3e38, 3e38, -16, 16];

export const curveCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 2 },
  { name: "far", tags: ["edge"], inputs: [f32(far.length * 57)], params: {}, fill: (_, i) => far[i % far.length]! },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7, 3)], params: {}, fill: acrossKinks },
  { name: "vectors", tags: ["edge"], inputs: [f32(3, 41, 43, 12)], params: {}, fill: acrossKinks },
  {
    name: "efficientnet-b0-stem",
    tags: ["model", "bench"],
    inputs: [f32(1, 112, 112, 32)],
    params: {},
    fill: acrossKinks,
  },
];
