/**
 * The taps of antialiased resizing along one axis, as Pillow makes them for 8-bit pictures.
 *
 *   weight of input i in output o ~ filter(|i + 1/2 - centre(o)| / max(1, scale))
 *   centre(o) = inStart + (o + 1/2) * scale,  scale = inLength / outSize
 *
 * Weights are normalised to a sum of 1 in double and rounded to fixed point with 22 bits, half away from zero.
 *
 * Source   Pillow, Image.resize with BILINEAR and BICUBIC; its arithmetic for 8-bit channels
 */
import { check } from "../../errors.js";

/** 8 bits of pixel and 2 of headroom leave 22 of a 32-bit word for the fraction. */
export const FRACTION_BITS = 22;

/**
 * Weight by distance: a polynomial for each unit, its lowest power first, and zero beyond. Numbers, so that a page loads those
 * of its network alone.
 */
export type ResampleFilter = readonly (readonly number[])[];

const bilinear: ResampleFilter = [[1, -1]];

const weightAt = (filter: ResampleFilter, t: number): number =>
  filter[Math.floor(t)]?.reduceRight((sum, factor) => sum * t + factor, 0) ?? 0;

export interface ResampleTable {
  /** Index of the first input of every output. */
  readonly starts: Uint32Array;
  /** [outputs, taps] in fixed point, zero beyond an output's last input. */
  readonly weights: Int32Array;
  /** Most inputs any output has. */
  readonly taps: number;
}

/**
 * Table for resizing `inLength` elements that begin at `inStart` (both may be fractions) to `outSize`.
 * Elements outside that range but inside [0, inSize) count where the filter reaches them. Only the outputs
 * [first, first + count) are made, all of them when left out. Bilinear when no filter is given.
 */
export function resampleTable(
  inSize: number,
  outSize: number,
  inStart = 0,
  inLength: number = inSize,
  first = 0,
  count: number = outSize,
  filter: ResampleFilter = bilinear,
): ResampleTable {
  check(
    Number.isSafeInteger(inSize) &&
      Number.isSafeInteger(outSize) &&
      outSize > 0 &&
      inStart >= 0 &&
      inLength > 0 &&
      inStart + inLength <= inSize,
    "E_USAGE",
    () =>
      `resampleTable: expects a range inside 0..${inSize} and a positive size, found ${inStart} + ${inLength} -> ${outSize}`,
  );
  check(
    first >= 0 && count > 0 && first + count <= outSize,
    "E_USAGE",
    () => `resampleTable: expects outputs inside 0..${outSize}, found ${first} + ${count}`,
  );
  const scale = inLength / outSize;
  const unit = Math.max(1, scale);
  const radius = filter.length * unit;
  const rows = Array.from({ length: count }, (_, row) => {
    const centre = inStart + (first + row + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - radius + 0.5));
    const end = Math.min(inSize, Math.trunc(centre + radius + 0.5));
    const weights: number[] = [];
    for (let i = start; i < end; i++) weights.push(weightAt(filter, Math.abs((i - centre + 0.5) * (1 / unit))));
    return { start, weights };
  });
  const taps = Math.max(...rows.map((r) => r.weights.length));
  const table = new Int32Array(count * taps);
  rows.forEach(({ weights }, o) => {
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((w, t) => {
      table[o * taps + t] = Math.trunc((w / sum) * 2 ** FRACTION_BITS + Math.sign(w) / 2);
    });
  });
  return { starts: Uint32Array.from(rows, (r) => r.start), weights: table, taps };
}
