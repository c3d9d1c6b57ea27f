import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const squaredNormCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 3 },
  { name: "one-part", tags: ["edge"], inputs: [f32(1024)], params: {} },
  { name: "two-parts", tags: ["edge"], inputs: [f32(5, 205)], params: {} },
  { name: "many-parts", tags: ["edge"], inputs: [f32(70001, 3)], params: {} },
  { name: "many-parts-vectors", tags: ["edge"], inputs: [f32(65537, 4)], params: {} },
  { name: "long-parts", tags: ["edge"], inputs: [f32(1048583)], params: {} },
  { name: "flowers-head", tags: ["model"], inputs: [f32(6464)], params: {} },
  { name: "hidden-head", tags: ["model", "bench"], inputs: [f32(1280 * 256 + 1856)], params: {} },
];
