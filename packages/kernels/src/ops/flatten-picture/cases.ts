import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { UnflattenPictureParams } from "./unflatten.js";

export const flattenPictureCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1, 1, 1, 1)], params: {}, fill: () => 3 },
  { name: "odd", tags: ["edge"], inputs: [f32(3, 2, 7, 5)], params: {} },
  { name: "vectors", tags: ["edge"], inputs: [f32(2, 3, 4, 8)], params: {} },
  { name: "one-pixel", tags: ["edge"], inputs: [f32(3, 1, 1, 13)], params: {} },
  { name: "alexnet", tags: ["model", "bench"], inputs: [f32(2, 6, 6, 256)], params: {} },
];

export const unflattenPictureOf = (
  n: number,
  h: number,
  w: number,
  c: number,
): Pick<Case<UnflattenPictureParams>, "inputs" | "params"> => ({
  inputs: [f32(n, c * h * w)],
  params: { size: [h, w] },
});

export const unflattenPictureCases: readonly Case<UnflattenPictureParams>[] = flattenPictureCases.map((c) => ({
  ...c,
  ...unflattenPictureOf(...(c.inputs[0]!.shape as [number, number, number, number])),
}));
