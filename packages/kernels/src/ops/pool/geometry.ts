/**
 * Window arithmetic of pooling, here and nowhere else: PyTorch's rules.
 *
 *   OH = round((H + top + bottom - KH) / SH) + 1, rounding down, or up in ceil mode; in ceil mode a last window that would
 *   start at or beyond the end of the top padding plus H (so wholly in the bottom padding) is dropped
 *
 * In ceil mode the last window may hang over the padding; what hangs over is never counted by an average.
 */
import { check } from "../../errors.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { wgsl } from "../../wgsl/source.js";
import type { Width } from "../../wgsl/width.js";

export interface PoolParams {
  /** [KH, KW] */
  readonly kernel: readonly [number, number];
  /** [SH, SW] */
  readonly stride: readonly [number, number];
  /** [top, bottom, left, right], each below the kernel extent, so that every window holds a true element. */
  readonly pad: readonly [number, number, number, number];
  readonly ceilMode: boolean;
}

function outExtent(
  extent: number,
  kernel: number,
  stride: number,
  before: number,
  after: number,
  ceil: boolean,
): number {
  const steps = (extent + before + after - kernel) / stride;
  const out = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return ceil && (out - 1) * stride >= extent + before ? out - 1 : out;
}

/** Checks input and params of pooling op `name` and returns y [N, OH, OW, C]. */
export function inferPool(name: string, inputs: readonly Spec[], params: PoolParams): readonly Spec[] {
  const [x] = inputs as [Spec];
  check(
    inputs.length === 1 && x.dtype === "f32" && x.shape.length === 4,
    "E_SHAPE",
    () => `${name}: expects one f32 input [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
  );
  const { kernel, stride, pad, ceilMode } = params;
  check(
    [...kernel, ...stride].every((v) => Number.isSafeInteger(v) && v > 0) &&
      pad.every((v, i) => Number.isSafeInteger(v) && v >= 0 && v < kernel[i >> 1]!),
    "E_USAGE",
    () =>
      `${name}: kernel and stride must be positive and padding below the kernel extent, found kernel [${kernel}], stride [${stride}], pad [${pad}]`,
  );
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const oh = outExtent(h, kernel[0], stride[0], pad[0], pad[1], ceilMode);
  const ow = outExtent(w, kernel[1], stride[1], pad[2], pad[3], ceilMode);
  check(
    oh > 0 && ow > 0,
    "E_SHAPE",
    () => `${name}: kernel [${kernel}] is larger than ${formatSpec(x)} with padding [${pad}]`,
  );
  return [f32(n, oh, ow, c)];
}

/** What the kernels need to know, by the names `poolWindow` reads. */
export const poolArgTypes = {
  channels: "u32",
  height: "i32",
  width: "i32",
  outHeight: "u32",
  outWidth: "u32",
  kernelHeight: "i32",
  kernelWidth: "i32",
  strideHeight: "i32",
  strideWidth: "i32",
  padTop: "i32",
  padBottom: "i32",
  padLeft: "i32",
  padRight: "i32",
} as const;

export type PoolArgs = Readonly<Record<keyof typeof poolArgTypes, number>>;

/** Arguments of a kernel that takes `wide` channels at once. */
export function poolArgs(x: Spec, y: Spec, { kernel, stride, pad }: PoolParams, wide: Width): PoolArgs {
  const [, height, width, depth] = x.shape as [number, number, number, number];
  const [, outHeight, outWidth] = y.shape as [number, number, number, number];
  return {
    channels: depth / wide,
    height,
    width,
    outHeight,
    outWidth,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: pad[0],
    padBottom: pad[1],
    padLeft: pad[2],
    padRight: pad[3],
  };
}

/** Windows: true elements [rows.x, rows.y) x [columns.x, columns.y), and `padded`, the area with padding. */
const poolWindowAt: string = wgsl`
struct Window { rows: vec2i, columns: vec2i, padded: i32, image: i32, channel: u32 }

fn pool_window_at(image: u32, oh: i32, ow: i32, channel: u32) -> Window {
  let top = oh * args.strideHeight - args.padTop;
  let left = ow * args.strideWidth - args.padLeft;
  let bottom = min(top + args.kernelHeight, args.height + args.padBottom);
  let right = min(left + args.kernelWidth, args.width + args.padRight);
  let rows = vec2i(max(top, 0), min(bottom, args.height));
  let columns = vec2i(max(left, 0), min(right, args.width));
  return Window(rows, columns, (bottom - top) * (right - left), i32(image) * args.height, channel);
}

fn pool_index(w: Window, row: i32, column: i32) -> u32 {
  return u32((w.image + row) * args.width + column) * args.channels + w.channel;
}
`;

/** The window of output `i`. */
export const poolWindow: string =
  poolWindowAt +
  wgsl`
fn pool_window(i: u32) -> Window {
  let pixel = i / args.channels;
  let row = pixel / args.outWidth;
  return pool_window_at(row / args.outHeight, i32(row % args.outHeight), i32(pixel % args.outWidth), i % args.channels);
}
`;

/** Input `i`, where it lies, and the outputs [outRows.x, outRows.y) x [outColumns.x, outColumns.y) whose windows hold it. */
export const poolCover: string =
  poolWindowAt +
  wgsl`
struct Cover { outRows: vec2i, outColumns: vec2i, row: i32, column: i32, image: u32, channel: u32 }

fn windows_over(at: i32, kernel: i32, stride: i32, count: u32) -> vec2i {
  let first = select(0, (at - kernel) / stride + 1, at >= kernel);
  return vec2i(first, min(at / stride + 1, i32(count)));
}

fn pool_cover(i: u32) -> Cover {
  let pixel = i32(i / args.channels);
  let line = pixel / args.width;
  let row = line % args.height;
  let column = pixel % args.width;
  let outRows = windows_over(row + args.padTop, args.kernelHeight, args.strideHeight, args.outHeight);
  let outColumns = windows_over(column + args.padLeft, args.kernelWidth, args.strideWidth, args.outWidth);
  return Cover(outRows, outColumns, row, column, u32(line / args.height), i % args.channels);
}

fn pool_output(c: Cover, oh: i32, ow: i32) -> u32 {
  return ((c.image * args.outHeight + u32(oh)) * args.outWidth + u32(ow)) * args.channels + c.channel;
}
`;

/** How many windows can hold one element, at most. */
export const mostWindows = ({ kernel, stride }: PoolParams): number =>
  Math.ceil(kernel[0] / stride[0]) * Math.ceil(kernel[1] / stride[1]);
