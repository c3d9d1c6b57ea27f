import { i32, u8, u32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { CropParams } from "./crop-image.js";
import type { NormalizeParams } from "./normalize-image.js";
import type { ResampleParams } from "./resample-image.js";
import { resampleTable } from "./resample-table.js";

export const pixels = (_input: number, _index: number, random: () => number): number => Math.floor(256 * random());

export function resampleAlong(
  shape: readonly [number, number, number],
  axis: ResampleParams["axis"],
  size: number,
): Pick<Case<ResampleParams>, "inputs" | "params" | "fill"> {
  const table = resampleTable(axis === "height" ? shape[1] : shape[2], size);
  return {
    inputs: [u8(...shape, 4), u32(size), i32(size, table.taps)],
    params: { axis, size },
    fill: (input, index, random) =>
      input === 0 ? pixels(input, index, random) : (input === 1 ? table.starts : table.weights)[index]!,
  };
}

export const resampleImageCases: readonly Case<ResampleParams>[] = [
  { name: "one", tags: ["edge"], ...resampleAlong([1, 1, 1], "width", 1) },
  { name: "shrink-width", tags: ["edge"], ...resampleAlong([2, 5, 17], "width", 3) },
  { name: "shrink-height", tags: ["edge"], ...resampleAlong([2, 13, 5], "height", 4) },
  { name: "grow-width", tags: ["edge"], ...resampleAlong([2, 3, 5], "width", 11) },
  { name: "grow-height", tags: ["edge"], ...resampleAlong([3, 2, 5], "height", 7) },
  { name: "to-one", tags: ["edge"], ...resampleAlong([1, 3, 257], "width", 1) },
  { name: "photo-width", tags: ["model", "bench"], ...resampleAlong([1, 375, 500], "width", 341) },
  { name: "photo-height", tags: ["model"], ...resampleAlong([1, 375, 341], "height", 256) },
];

const crop = (top: number, left: number, height: number, width: number): CropParams => ({ top, left, height, width });

export const cropImageCases: readonly Case<CropParams>[] = [
  { name: "one", tags: ["edge"], inputs: [u8(1, 1, 1, 4)], params: crop(0, 0, 1, 1), fill: () => 200 },
  { name: "odd", tags: ["edge"], inputs: [u8(2, 5, 7, 4)], params: crop(1, 2, 3, 4), fill: pixels },
  { name: "bottom-right", tags: ["edge"], inputs: [u8(3, 5, 7, 4)], params: crop(3, 6, 2, 1), fill: pixels },
  { name: "whole", tags: ["edge"], inputs: [u8(2, 3, 5, 4)], params: crop(0, 0, 3, 5), fill: pixels },
  {
    name: "photo",
    tags: ["model", "bench"],
    inputs: [u8(1, 256, 341, 4)],
    params: crop(16, 58, 224, 224),
    fill: pixels,
  },
];

const imagenet: NormalizeParams = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const around0: NormalizeParams = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

export const normalizeImageCases: readonly Case<NormalizeParams>[] = [
  { name: "one", tags: ["edge"], inputs: [u8(1, 1, 1, 4)], params: imagenet, fill: () => 200 },
  {
    name: "every-value",
    tags: ["edge"],
    inputs: [u8(2, 5, 103, 4)],
    params: imagenet,
    fill: (_i, index) => (index * 7) % 256,
  },
  { name: "vectors", tags: ["edge"], inputs: [u8(3, 41, 44, 4)], params: imagenet, fill: pixels },
  { name: "imagenet", tags: ["model", "bench"], inputs: [u8(1, 224, 224, 4)], params: imagenet, fill: pixels },
  { name: "inception", tags: ["model"], inputs: [u8(1, 299, 299, 4)], params: around0, fill: pixels },
];
