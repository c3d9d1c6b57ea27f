import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { SliceParams } from "./op.js";

export const sliceChannelsCases: readonly Case<SliceParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: { start: 0, count: 1 }, fill: () => 3 },
  { name: "first", tags: ["edge"], inputs: [f32(2, 5, 7, 11)], params: { start: 0, count: 3 } },
  { name: "middle", tags: ["edge"], inputs: [f32(2, 5, 7, 11)], params: { start: 3, count: 4 } },
  { name: "last", tags: ["edge"], inputs: [f32(2, 5, 7, 11)], params: { start: 8, count: 3 } },
  { name: "vectors", tags: ["edge"], inputs: [f32(2, 5, 7, 20)], params: { start: 8, count: 4 } },
  { name: "odd-start", tags: ["edge"], inputs: [f32(2, 5, 7, 20)], params: { start: 6, count: 8 } },
  {
    name: "squeezenet-1.1-fire2",
    tags: ["model", "bench"],
    inputs: [f32(1, 55, 55, 128)],
    params: { start: 64, count: 64 },
  },
];
