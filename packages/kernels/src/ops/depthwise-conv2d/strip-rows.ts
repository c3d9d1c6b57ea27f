/**
 * The rows of x under a strip of output columns, in registers: WGSL text that depthwise kernels are made of.
 *
 * Names    the text around it has `ox`, the first output column, `image`, and the channel `c`, or vector of four channels; value
 *          q of row ky is v<ky>_<q>, and output column i of the strip meets value i * stride + kx under tap kx. Extents count
 *          values. Outside the picture a load reads element 0 and counts as zero; unsigned arithmetic wraps, so a coordinate
 *          left of or above the picture is larger than any extent.
 */
import type { VariantSettings } from "../../op.js";
import type { Width } from "../../wgsl/width.js";

export const KERNEL = 3;

export interface Strip {
  readonly stride: number;
  /** Output columns. */
  readonly columns: number;
  /** Channels. */
  readonly width: Width;
}

export const each = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/**
 * Strips for `channels` channels. Seven columns divide 112, 56, 28, 14 and 7, the widths of networks for 224 pixels; with four
 * channels a thread that keeps as many runs out of registers.
 */
export function stripSettings(software: boolean, channels: number, stride: number): readonly VariantSettings[] {
  const single = { columns: 7, width: 1 };
  if (channels % 4 !== 0) return [single];
  const wide = [2, 3].map((columns) => ({ columns, width: 4 }));
  if (stride === 1) wide.reverse();
  return software ? [...wide, single] : [single, ...wide];
}

export const stripOf = (stride: number, settings: VariantSettings): Strip => ({
  stride,
  ...(settings as Pick<Strip, "columns" | "width">),
});

/** Of a value outside. */
export const zeroOf = (width: Width): string => (width === 4 ? "vec4f()" : "0.0");

/** Values of a row. */
export const spanOf = ({ stride, columns }: Strip): number => stride * (columns - 1) + KERNEL;

/** Rows of outputs above the first whose part of the window is loaded, so that what the window keeps is there. */
export const leadOf = ({ stride }: Strip): number => Math.ceil((KERNEL - stride) / stride);

/** Where the values of every row lie. */
export const locateColumns = (strip: Strip): string =>
  each(
    spanOf(strip),
    (q) => `
  let x${q} = ox * ${strip.stride}u + ${q}u - args.px;
  let inside${q} = x${q} < args.w;
  let at${q} = select(0u, x${q}, inside${q}) * args.c + c;`,
  );

/** The rows that stay under the window one output row further down. */
const keptRows = (strip: Strip, text: (ky: number, q: number) => string): string =>
  each(KERNEL - strip.stride, (ky) => each(spanOf(strip), (q) => text(ky, q)));
export const declareKept = (strip: Strip): string =>
  keptRows(strip, (ky, q) => `var v${ky}_${q} = ${zeroOf(strip.width)}; `);
export const moveUp = (strip: Strip): string =>
  keptRows(strip, (ky, q) => `v${ky}_${q} = v${ky + strip.stride}_${q}; `);

/** Loads row ky of the window above output row `oy`. */
const loadRow = (strip: Strip, ky: number, oy: string): string => `
    let y${ky} = ${oy} * ${strip.stride}u + ${ky}u - args.py;
    let on${ky} = y${ky} < args.h;
    let row${ky} = (image * args.h + select(0u, y${ky}, on${ky})) * args.w * args.c;
    ${each(spanOf(strip), (q) => `let v${ky}_${q} = select(${zeroOf(strip.width)}, x[row${ky} + at${q}], on${ky} & inside${q}); `)}`;

/** Loads the rows that come under the window at output row `oy`, which may lie above the first. */
export const loadNext = (strip: Strip, oy: string): string =>
  each(strip.stride, (s) => loadRow(strip, KERNEL - strip.stride + s, oy));
