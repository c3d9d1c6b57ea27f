import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

const over = (...shape: number[]): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: [f32(...shape), f32(shape.at(-1)!), f32(shape.at(-1)!)],
  params: {},
});

export const channelAffineCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...over(1), fill: () => 3 },
  { name: "one-channel", tags: ["edge"], ...over(5, 1) },
  { name: "odd", tags: ["edge"], ...over(2, 5, 7, 3) },
  { name: "vectors", tags: ["edge"], ...over(3, 41, 43, 12) },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], ...over(1, 112, 112, 32) },
];
