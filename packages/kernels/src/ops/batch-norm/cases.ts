import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { BatchNormParams } from "./op.js";

export const batchNormOver = (
  eps: number,
  ...shape: number[]
): Pick<Case<BatchNormParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape), ...Array.from({ length: 4 }, () => f32(shape.at(-1)!))],
  params: { eps },
  // The variance (input 4) is never negative, and tiny in some channels.
  fill: (input, index, random) => (input === 4 ? (index % 5 === 1 ? 1e-6 : 2) * random() : 2 * random() - 1),
});

export const batchNormCases: readonly Case<BatchNormParams>[] = [
  { name: "one", tags: ["edge"], ...batchNormOver(1e-5, 1) },
  { name: "one-channel", tags: ["edge"], ...batchNormOver(1e-5, 5, 1) },
  { name: "odd", tags: ["edge"], ...batchNormOver(1e-3, 2, 5, 7, 3) },
  { name: "vectors", tags: ["edge"], ...batchNormOver(1e-3, 3, 41, 43, 12) },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], ...batchNormOver(1e-5, 1, 112, 112, 32) },
  { name: "inception-v3-mixed-5b", tags: ["model"], ...batchNormOver(1e-3, 1, 35, 35, 96) },
];
