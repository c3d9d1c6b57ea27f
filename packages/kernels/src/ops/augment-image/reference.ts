import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

const byte = (v: number): number => Math.min(255, Math.max(0, v));
const greyOf = ([r, g, b]: readonly number[]): number =>
  Math.floor((19595 * r! + 38470 * g! + 7471 * b!) / 65536 + 0.5);
/** `share` (in units of 1 / 4096) of the way from `a` to `b`, and beyond. */
const blend = (a: number, b: number, share: number): number => byte(Math.floor(a + (share * (b - a)) / 4096 + 0.5));

export const referenceAugmentImage: Reference<NoParams> = ([x, table], { inputs }) => {
  const [n, h, w] = inputs[0]!.shape as [number, number, number, number];
  const y = new Float64Array(x!.length);
  for (let b = 0; b < n; b++) {
    const [cos, sin, flip, brightness, contrast, saturation, hue, top, left, height, width, fill] = table!.subarray(
      12 * b,
    ) as unknown as number[] & { length: 12 };
    const source = x!.subarray(4 * b * h * w, 4 * (b + 1) * h * w);
    const picture: number[][] = [];
    let sum = 0;
    for (let r = 0; r < h; r++)
      for (let c = 0; c < w; c++) {
        const right = (flip === 0 ? c : w - 1 - c) - (w - 1) / 2;
        const down = r - (h - 1) / 2;
        const column = (cos! * right - sin! * down) / 65536 + (w - 1) / 2;
        const row = (sin! * right + cos! * down) / 65536 + (h - 1) / 2;
        const [red, green, blue, alpha] = bilinear(source, h, w, row, column);
        const lit = [red!, green!, blue!].map((v) => blend(0, v, brightness!));
        sum += greyOf(lit);
        picture.push([...lit, alpha!]);
      }
    const mean = Math.floor(sum / (h * w) + 0.5);
    picture.forEach(([red, green, blue, alpha], i) => {
      const contrasted = [red!, green!, blue!].map((v) => blend(mean, v, contrast!));
      const grey = greyOf(contrasted);
      const turned = turnHue(
        contrasted.map((v) => blend(grey, v, saturation!)),
        hue!,
      );
      const [r, c] = [Math.floor(i / w), i % w];
      const erased = r >= top! && r < top! + height! && c >= left! && c < left! + width!;
      const word = fill! < 0 ? fill! + 2 ** 32 : fill!;
      const filled = [0, 8, 16, 24].map((shift) => Math.floor(word / 2 ** shift) % 256);
      y.set(erased ? filled : [...turned, alpha!], 4 * (b * h * w + i));
    });
  }
  return [y];
};

/** Positions are cut to 1 / 2048 of a pixel. */
function bilinear(source: Float64Array, h: number, w: number, row: number, column: number): number[] {
  const near = (v: number): [number, number] => [Math.floor(v), Math.floor(2048 * (v - Math.floor(v))) / 2048];
  const [r, down] = near(row);
  const [c, right] = near(column);
  const at = (dr: number, dc: number, channel: number): number => {
    const inside = (v: number, size: number): number => {
      const mirrored = v < 0 ? -v - 1 : v;
      return Math.min(size - 1, Math.max(0, mirrored < size ? mirrored : 2 * size - 1 - mirrored));
    };
    return source[4 * (inside(r + dr, h) * w + inside(c + dc, w)) + channel]!;
  };
  return [0, 1, 2, 3].map((k) => {
    const upper = at(0, 0, k) * (1 - right) + at(0, 1, k) * right;
    const lower = at(1, 0, k) * (1 - right) + at(1, 1, k) * right;
    return Math.floor(upper * (1 - down) + lower * down + 0.5);
  });
}

/** Hue in units of 1 / 24576 of the circle; the place of a colour on it is rounded to such a unit, away from its main colour. */
function turnHue(pixel: number[], hue: number): number[] {
  const [low, high] = [Math.min(...pixel), Math.max(...pixel)];
  const span = high - low;
  if (span === 0) return pixel;
  const main = pixel.indexOf(high);
  const offset = pixel[(main + 1) % 3]! - pixel[(main + 2) % 3]!;
  const units = Math.sign(offset) * Math.floor((4096 * Math.abs(offset) + Math.floor(span / 2)) / span);
  const place = (8192 * main + units + hue + 24576) % 24576;
  // Channel k is full within a sixth of its main colour and empty from two sixths on.
  return [0, 1, 2].map((k) => {
    const away = Math.min((place - 8192 * k + 24576) % 24576, (8192 * k - place + 24576) % 24576);
    if (away <= 4096) return high;
    if (away >= 8192) return low;
    // The kernel counts steps from the sector's start: rising from the smallest, falling from the largest.
    const rising = Math.floor(place / 4096) % 2 === 0;
    const step = Math.floor((span * (place % 4096) + 2048) / 4096);
    return rising ? low + step : high - step;
  });
}
