/**
 * Gradient of a convolution's weight as an implicit matrix product by tiles in workgroup memory: rows are taps with their
 * input channels, columns are output channels, steps are output pixels.
 *
 *   dw[(ky, kx, c), oc] = sum over pixels q of x[pixel q under tap (ky, kx), c] * dy[q, oc]
 *
 * Method   Few tiles make the result, so the sum is cut into parts that occupy the device.
 */
import { type TiledWork, tileArgs } from "../../variants/workgroup-tile-variant.js";
import { noEpilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { tileBody } from "../../wgsl/tile-body.js";
import { factorType, pictureReader, stridedFactor } from "../../wgsl/tile-factors.js";
import { type TileFactor, threadsOf } from "../../wgsl/workgroup-tile.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

/** What the taps fall on. */
const taps = (vector: boolean): TileFactor => ({
  along: "lines",
  vector,
  line: (at, line) => `
  let line${at} = ${line};
  let c${at} = line${at} % args.c;
  let tapY${at} = line${at} / args.c / args.kw * args.dy - args.py;
  let tapX${at} = line${at} / args.c % args.kw * args.dx - args.px;`,
  step: (at, step) => `
    let y${at} = ${step} / args.ow % args.oh * args.sy;
    let x${at} = ${step} % args.ow * args.sx;
    let image${at} = ${step} / (args.ow * args.oh);`,
  load: (line, step) => `x_at(image${step}, y${step} + tapY${line}, x${step} + tapX${line}, c${line})`,
});

/** The gradient as work of workgroup tiles; the convolution has no groups. */
export function tiledWeightGrad(geometry: ConvGeometry): TiledWork {
  const { n, oh, ow, c, oc, kh, kw } = geometry;
  const rows = kh * kw * c;
  const ofX = c % 4 === 0;
  const ofGrad = oc % 4 === 0;
  return {
    size: rows * oc,
    columns: oc,
    bind: { x: { input: 0 }, grad: { input: 1 } },
    kernel: (tile) =>
      defineKernel({
        name: "conv2dWeightGrad/workgroup-tile",
        bindings: {
          ...{ x: factorType(ofX), grad: factorType(ofGrad) },
          y: ofGrad ? "write vec4f" : "write f32",
        },
        args: {
          ...tileArgs,
          ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", kw: "u32" },
          ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
        },
        workgroup: [threadsOf(tile), 1, 1],
        functions: [noEpilogue, pictureReader("x", ["args.h", "args.w", "args.c"], ofX)],
        body: tileBody(tile, {
          a: taps(ofX),
          b: stridedFactor("grad", { line: "1u", step: "args.columns" }, { along: "lines", vector: ofGrad }),
          vector: ofGrad,
        }),
      }),
    launches: [{ rows, steps: n * oh * ow, args: { ...geometry } }],
  };
}
