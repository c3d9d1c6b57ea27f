import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const flattenCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 3 },
  { name: "aligned", tags: ["edge"], inputs: [f32(64), f32(2, 64)], params: {} },
  {
    name: "odd",
    tags: ["edge"],
    inputs: [f32(63), f32(5, 13), f32(3), f32(2, 5, 7, 3), f32(1), f32(129), f32(2), f32(7), f32(11)],
    params: {},
  },
  { name: "many-gaps", tags: ["edge"], inputs: Array.from({ length: 18 }, (_, i) => f32(1 + 7 * i)), params: {} },
  { name: "flowers-head", tags: ["model"], inputs: [f32(1280, 5), f32(5)], params: {} },
  {
    name: "hidden-head",
    tags: ["model", "bench"],
    inputs: [f32(1280, 256), f32(256), f32(256, 5), f32(5)],
    params: {},
  },
];
