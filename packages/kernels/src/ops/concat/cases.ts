import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

const join = (lead: readonly number[], ...channels: number[]): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: channels.map((c) => f32(...lead, c)),
  params: {},
});

export const concatCases: readonly Case<NoParams>[] = [
  { name: "single", tags: ["edge"], ...join([2, 3], 5) },
  { name: "odd", tags: ["edge"], ...join([2, 5, 7], 3, 1, 4) },
  { name: "vectors", tags: ["edge"], ...join([2, 5, 7], 12, 4, 8) },
  { name: "more-than-8-inputs", tags: ["edge"], ...join([3, 2], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) },
  { name: "squeezenet-1.1-fire2", tags: ["model", "bench"], ...join([1, 55, 55], 64, 64) },
  { name: "inception-v3-mixed-5b", tags: ["model"], ...join([1, 35, 35], 64, 64, 96, 32) },
];
