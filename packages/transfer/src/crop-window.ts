import { type ResampleFilter, resampleTable } from "@tlx/kernels";
import type { Picture } from "./data/picture.js";

/** The part of a resizing table that makes the outputs of a crop, and the inputs it reads. */
export interface CropWindow {
  readonly first: number;
  readonly extent: number;
  /** Relative to `first`. */
  readonly starts: Uint32Array;
  /** [outputs, taps] */
  readonly weights: Int32Array;
  readonly taps: number;
}

/** The table for outputs [from, from + count) of resizing `inSize` to `outSize`. */
export function cropWindow(
  inSize: number,
  outSize: number,
  from: number,
  count: number,
  filter?: ResampleFilter,
): CropWindow {
  const { starts, weights, taps } = resampleTable(inSize, outSize, 0, inSize, from, count, filter);
  const first = starts[0]!;
  const end = Math.min(inSize, starts[count - 1]! + taps);
  return { first, extent: end - first, starts: starts.map((s) => s - first), weights, taps };
}

/** Copies rows [from, from + rows) of the columns in `window` into `packed`. */
export function cutPixels(
  { width, data }: Picture,
  window: CropWindow,
  from: number,
  rows: number,
  packed: Uint8Array,
): void {
  const { first, extent } = window;
  if (extent === width) {
    packed.set(data.subarray(4 * from * width, 4 * (from + rows) * width));
    return;
  }
  for (let r = 0; r < rows; r++) {
    const at = 4 * ((from + r) * width + first);
    packed.set(data.subarray(at, at + 4 * extent), 4 * r * extent);
  }
}
