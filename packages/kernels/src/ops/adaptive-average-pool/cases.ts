import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { AdaptiveAveragePoolGradParams } from "./input-grad.js";
import type { AdaptiveAveragePoolParams } from "./op.js";

export const adaptiveAveragePoolCases: readonly Case<AdaptiveAveragePoolParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1, 1, 1, 1)], params: { size: [1, 1] }, fill: () => 3 },
  { name: "overlapping", tags: ["edge"], inputs: [f32(2, 7, 11, 3)], params: { size: [4, 6] } },
  { name: "dividing", tags: ["edge"], inputs: [f32(2, 6, 10, 5)], params: { size: [3, 2] } },
  { name: "to-larger", tags: ["edge"], inputs: [f32(2, 2, 3, 4)], params: { size: [5, 7] } },
  { name: "one-way-each", tags: ["edge"], inputs: [f32(1, 9, 2, 8)], params: { size: [2, 5] } },
  { name: "alexnet-of-63-pixels", tags: ["model"], inputs: [f32(2, 1, 1, 256)], params: { size: [6, 6] } },
  { name: "alexnet-of-300-pixels", tags: ["model", "bench"], inputs: [f32(2, 8, 8, 256)], params: { size: [6, 6] } },
];

type Over<P> = Pick<Case<P>, "inputs" | "params">;

export const adaptiveAveragePoolGradOf = ({
  inputs: [x],
  params: { size },
}: Over<AdaptiveAveragePoolParams>): Over<AdaptiveAveragePoolGradParams> => {
  const [n, h, w, c] = x!.shape as [number, number, number, number];
  return { inputs: [f32(n, ...size, c)], params: { inputSize: [h, w] } };
};

export const adaptiveAveragePoolGradCases: readonly Case<AdaptiveAveragePoolGradParams>[] =
  adaptiveAveragePoolCases.map(({ name, tags, inputs, params, fill }) => ({
    ...{ name, tags, ...(fill && { fill }) },
    ...adaptiveAveragePoolGradOf({ inputs, params }),
  }));
