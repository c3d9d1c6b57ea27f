import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const columnSumsCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 3 },
  { name: "one-row", tags: ["edge"], inputs: [f32(1, 5)], params: {} },
  { name: "one-column", tags: ["edge"], inputs: [f32(1009, 1)], params: {} },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7, 3)], params: {} },
  { name: "many-rows", tags: ["edge"], inputs: [f32(70001, 3)], params: {} },
  { name: "vectors", tags: ["edge"], inputs: [f32(2, 5, 7, 12)], params: {} },
  { name: "many-rows-vectors", tags: ["edge"], inputs: [f32(100003, 4)], params: {} },
  { name: "many-columns", tags: ["edge"], inputs: [f32(131, 523)], params: {} },
  { name: "many-columns-vectors", tags: ["edge"], inputs: [f32(259, 1284)], params: {} },
  { name: "mobilenet-v2-logits", tags: ["model"], inputs: [f32(32, 1000)], params: {} },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], inputs: [f32(1, 112, 112, 32)], params: {} },
];
