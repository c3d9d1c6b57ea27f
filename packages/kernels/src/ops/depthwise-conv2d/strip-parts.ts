/** What the strips of a depthwise convolution and of its gradients share. */
import type { VariantSettings } from "../../op.js";
import type { Width } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

export const KERNEL = 3;
export const TAPS: number = KERNEL * KERNEL;

type WindowExtents = Pick<ConvGeometry, "kh" | "kw" | "sy" | "sx" | "dy" | "dx">;

/** Can strips compute it: 3x3, undilated, of stride 1 or 2. */
export const fitsStrip = ({ kh, kw, sy, sx, dy, dx }: WindowExtents): boolean =>
  kh === KERNEL && kw === KERNEL && sy === sx && sy <= 2 && dy === 1 && dx === 1;

/**
 * Settings for `channels` channels: rows of a strip, and channels at once. Of one channel seven rows divide 112, 56, 28, 14 and
 * 7, the heights of networks for 224 pixels. Of four channels `wide` rows: a processor fetches only few lines ahead at a time.
 */
export function stripSettings(
  software: boolean,
  channels: number,
  wide: readonly number[],
): readonly VariantSettings[] {
  const single = { rows: 7, width: 1 };
  if (channels % 4 !== 0) return [single];
  const four = wide.map((rows) => ({ rows, width: 4 }));
  return software ? [...four, single] : [single, ...four];
}

/** Columns of a strip: a long one loads each column once, but a real GPU needs the threads more. */
export const stripColumns = (software: boolean, count: number): number => Math.min(count, software ? 112 : 8);

/** Of a value outside the picture. */
export const zeroOf = (width: Width): string => (width === 4 ? "vec4f()" : "0.0");

/**
 * Declares <name>In, is row `row` of a picture of `rows` times `columns` inside, and <name>At, where it begins; of one outside, row 0.
 * Unsigned arithmetic wraps, so a coordinate left of or above the picture is larger than any extent.
 */
export const locateRow = (name: string, row: string, rows: string, columns: string): string => `
  let ${name}Row = ${row};
  let ${name}In = ${name}Row < args.${rows};
  let ${name}At = (image * args.${rows} + select(0u, ${name}Row, ${name}In)) * args.${columns} * args.c + c;`;

/** The same for column `column`: <name>On and, from the beginning of the row, <name>To. */
export const locateColumn = (name: string, column: string, columns: string): string => `
  let ${name}Column = ${column};
  let ${name}On = ${name}Column < args.${columns};
  let ${name}To = select(0u, ${name}Column, ${name}On) * args.c;`;

/** The value at a row and a column of those, zero outside. */
export const loadAt = (width: Width, from: string, row: string, column: string): string =>
  `select(${zeroOf(width)}, ${from}[${row}At + ${column}To], ${row}In & ${column}On)`;

/** What a function of one channel reads for value `c`. */
export const ofChannel = (width: Width, read: string): string =>
  width === 1 ? `${read}(c)` : `vec4f(${[0, 1, 2, 3].map((p) => `${read}(c * 4u + ${p}u)`).join(", ")})`;
