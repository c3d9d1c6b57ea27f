import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export const logits = (_input: number, _index: number, random: () => number): number => 20 * random() - 10;
// exp of these overflows unless the largest is subtracted, and the smallest powers underflow.
const huge = (_input: number, _index: number, random: () => number): number => 2000 + 240 * random() - 120;

export const softmaxCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1, 1)], params: {} },
  { name: "one-class", tags: ["edge"], inputs: [f32(5, 1)], params: {}, fill: logits },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7)], params: {}, fill: logits },
  { name: "equal", tags: ["edge"], inputs: [f32(2, 129)], params: {}, fill: () => -7 },
  { name: "huge", tags: ["edge"], inputs: [f32(3, 65)], params: {}, fill: huge },
  { name: "many-classes", tags: ["edge"], inputs: [f32(2, 5003)], params: {}, fill: logits },
  { name: "vectors", tags: ["edge"], inputs: [f32(3, 68)], params: {}, fill: huge },
  { name: "many-classes-vectors", tags: ["edge"], inputs: [f32(2, 5004)], params: {}, fill: logits },
  { name: "many-rows", tags: ["edge"], inputs: [f32(65537, 3)], params: {}, fill: logits },
  { name: "imagenet", tags: ["model", "bench"], inputs: [f32(8, 1000)], params: {}, fill: logits },
];
