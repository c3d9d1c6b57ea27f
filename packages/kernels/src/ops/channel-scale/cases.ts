import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const channelScaleCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1), f32(1)], params: {}, fill: () => 3 },
  { name: "one-channel", tags: ["edge"], inputs: [f32(5, 1), f32(1)], params: {} },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7, 3), f32(3)], params: {} },
  { name: "vectors", tags: ["edge"], inputs: [f32(3, 41, 43, 12), f32(12)], params: {} },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], inputs: [f32(1, 112, 112, 32), f32(32)], params: {} },
];
