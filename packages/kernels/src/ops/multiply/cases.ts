import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

const twice = (...shape: number[]): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: [f32(...shape), f32(...shape)],
  params: {},
});

export const multiplyCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...twice(1), fill: () => 3 },
  { name: "odd", tags: ["edge"], ...twice(2, 5, 7, 3) },
  { name: "vectors", tags: ["edge"], ...twice(3, 41, 43, 12) },
  { name: "masked-classifier", tags: ["model", "bench"], ...twice(1280, 100) },
];
