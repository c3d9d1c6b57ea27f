import type { NoParams } from "../../op.js";
import { i32, u8 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import { AUGMENT_WORDS, augmentTable, type PixelChanges } from "./table.js";

export const unchanged: PixelChanges = {
  rotation: { cos: 65536, sin: 0 },
  flip: false,
  brightness: 4096,
  contrast: 4096,
  saturation: 4096,
  hue: 0,
  erase: { left: 0, top: 0, width: 0, height: 0 },
};

/** Pictures of noise with runs of black, white and grey, one for each of `changes`. */
export function augmented(
  size: readonly [number, number],
  ...changes: readonly Partial<PixelChanges>[]
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> {
  const words = changes.map((c) => augmentTable({ ...unchanged, ...c }, [124, 116, 104]));
  return {
    inputs: [u8(changes.length, ...size, 4), i32(changes.length, AUGMENT_WORDS)],
    params: {},
    fill: (input, index, random) => {
      if (input === 1) return words[Math.floor(index / AUGMENT_WORDS)]![index % AUGMENT_WORDS]!;
      const noise = Math.floor(256 * random());
      return index % 160 < 24 ? [255, 0, 128][(index >> 3) % 3]! : noise;
    },
  };
}

/** sin and cos of 0.3, near enough. */
const rotation = { cos: 62609, sin: 19367 };
const erase = { left: 2, top: 1, width: 4, height: 3 };

export const augmentImageCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...augmented([1, 1], { rotation, contrast: 6000, hue: 7000 }) },
  { name: "unchanged", tags: ["edge"], ...augmented([7, 11], {}) },
  { name: "rotate", tags: ["edge"], ...augmented([13, 9], { rotation }, { rotation: { cos: -19367, sin: -62609 } }) },
  { name: "flip", tags: ["edge"], ...augmented([5, 8], { flip: true }, { flip: true, rotation }) },
  { name: "brightness", tags: ["edge"], ...augmented([9, 7], { brightness: 2500 }, { brightness: 9000 }) },
  { name: "contrast", tags: ["edge"], ...augmented([17, 33], { contrast: 0 }, { contrast: 2900 }, { contrast: 7000 }) },
  { name: "saturation", tags: ["edge"], ...augmented([9, 7], { saturation: 0 }, { saturation: 8192 }) },
  {
    name: "hue",
    tags: ["edge"],
    ...augmented([19, 23], { hue: 1 }, { hue: -1000 }, { hue: 4096 }, { hue: 12288 }, { hue: 24575 }),
  },
  {
    name: "erase",
    tags: ["edge"],
    ...augmented([6, 7], { erase }, { erase: { left: 0, top: 0, width: 7, height: 6 } }, { flip: true, erase }),
  },
  {
    name: "photo",
    tags: ["model", "bench"],
    ...augmented([224, 224], {
      ...{ rotation, flip: true, brightness: 4500, contrast: 3700, saturation: 5000, hue: 500 },
      erase: { left: 30, top: 100, width: 60, height: 40 },
    }),
  },
  { name: "large", tags: ["model"], ...augmented([320, 331], { rotation, brightness: 8000, contrast: 3000 }) },
];
