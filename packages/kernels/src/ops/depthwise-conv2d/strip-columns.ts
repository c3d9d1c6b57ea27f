/**
 * The columns of x under a strip of output rows, in registers: WGSL text that depthwise kernels are made of.
 *
 * Names    the text around it has `oy`, the first output row, `image`, and the channel `c`, or vector of four channels; value
 *          q of column kx is v<kx>_<q>, and output row i of the strip meets value i * stride + ky under tap ky. Extents count
 *          values. Outside the picture a load reads element 0 and counts as zero; unsigned arithmetic wraps, so a coordinate
 *          left of or above the picture is larger than any extent.
 */
import type { VariantSettings } from "../../op.js";
import type { Width } from "../../wgsl/width.js";

export const KERNEL = 3;

export interface Strip {
  readonly stride: number;
  /** Output rows. */
  readonly rows: number;
  /** Channels. */
  readonly width: Width;
}

export const each = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/**
 * Strips for `channels` channels. Seven rows divide 112, 56, 28, 14 and 7, the heights of networks for 224 pixels; with four
 * channels a thread that keeps as many runs out of registers.
 */
export function stripSettings(software: boolean, channels: number, stride: number): readonly VariantSettings[] {
  const single = { rows: 7, width: 1 };
  if (channels % 4 !== 0) return [single];
  const wide = [2, 3].map((rows) => ({ rows, width: 4 }));
  if (stride === 1) wide.reverse();
  return software ? [...wide, single] : [single, ...wide];
}

export const stripOf = (stride: number, settings: VariantSettings): Strip => ({
  stride,
  ...(settings as Pick<Strip, "rows" | "width">),
});

/** Of a value outside. */
export const zeroOf = (width: Width): string => (width === 4 ? "vec4f()" : "0.0");

/** Values of a column. */
export const spanOf = ({ stride, rows }: Strip): number => stride * (rows - 1) + KERNEL;

/** Columns of outputs left of the first whose part of the window is loaded, so that what the window keeps is there. */
export const leadOf = ({ stride }: Strip): number => Math.ceil((KERNEL - stride) / stride);

/** Where the values of every column lie. */
export const locateRows = (strip: Strip): string =>
  each(
    spanOf(strip),
    (q) => `
  let y${q} = oy * ${strip.stride}u + ${q}u - args.py;
  let inside${q} = y${q} < args.h;
  let at${q} = (image * args.h + select(0u, y${q}, inside${q})) * args.w * args.c + c;`,
  );

/** The columns that stay under the window one output column further on. */
const keptColumns = (strip: Strip, text: (kx: number, q: number) => string): string =>
  each(KERNEL - strip.stride, (kx) => each(spanOf(strip), (q) => text(kx, q)));
export const declareKept = (strip: Strip): string =>
  keptColumns(strip, (kx, q) => `var v${kx}_${q} = ${zeroOf(strip.width)}; `);
export const moveOn = (strip: Strip): string =>
  keptColumns(strip, (kx, q) => `v${kx}_${q} = v${kx + strip.stride}_${q}; `);

/** Loads column kx of the window of output column `ox`. */
const loadColumn = (strip: Strip, kx: number, ox: string): string => `
    let x${kx} = ${ox} * ${strip.stride}u + ${kx}u - args.px;
    let on${kx} = x${kx} < args.w;
    let column${kx} = select(0u, x${kx}, on${kx}) * args.c;
    ${each(spanOf(strip), (q) => `let v${kx}_${q} = select(${zeroOf(strip.width)}, x[at${q} + column${kx}], on${kx} & inside${q}); `)}`;

/** Loads the columns that come under the window at output column `ox`, which may lie left of the first. */
export const loadNext = (strip: Strip, ox: string): string =>
  each(strip.stride, (s) => loadColumn(strip, KERNEL - strip.stride + s, ox));

/** Tap t, of output row i, as the value it meets. */
export const valueUnder = ({ stride }: Strip, t: number, i: number): string => {
  const kx = t % KERNEL;
  const ky = (t - kx) / KERNEL;
  return `v${kx}_${i * stride + ky}`;
};
