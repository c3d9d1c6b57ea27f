/**
 * Gradient of a convolution's weight as an implicit matrix product by tiles in workgroup memory: rows are taps with their
 * input channels, columns are output channels, steps are output pixels.
 *
 *   dw[(ky, kx, c), oc] = sum over pixels q of x[pixel q under tap (ky, kx), c] * dy[q, oc]
 *
 * Method   Few tiles make the result, so the sum is cut into parts that occupy the device.
 */
import { type TiledWork, tileArgs } from "../../variants/tiled-work.js";
import { noEpilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { factorType, pictureReader, stepCounters, stridedFactor } from "../../wgsl/tile-factors.js";
import type { TileFactor } from "../../wgsl/tile-side.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

/** What the taps fall on. */
const taps = (vector: boolean): TileFactor => ({
  along: "lines",
  vector,
  line: (at, line) => `
  let line${at} = ${line};
  let tapY${at} = line${at} / args.c / args.kw * args.dy - args.py;
  let tapX${at} = line${at} / args.c % args.kw * args.dx - args.px;
  let xLine${at} = (tapY${at} * args.w + tapX${at}) * args.c + line${at} % args.c;`,
  counters: stepCounters("pixel", "args.oh", "args.ow"),
  step: (at) => `
    let y${at} = pixelMiddle${at} * args.sy;
    let x${at} = pixelLast${at} * args.sx;
    let xFrom${at} = ((pixelFirst${at} * args.h + y${at}) * args.w + x${at}) * args.c;`,
  load: (line, step) => `x_at(y${step} + tapY${line}, x${step} + tapX${line}, xLine${line} + xFrom${step})`,
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
    factors: ["x", "grad"],
    kernel: (text) =>
      defineKernel({
        name: `conv2dWeightGrad/${text.variant}`,
        enable: text.enable,
        bindings: {
          ...{ x: factorType(ofX), grad: factorType(ofGrad, text.b) },
          y: text.result(ofGrad),
        },
        args: {
          ...tileArgs,
          ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", kw: "u32" },
          ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
        },
        workgroup: [text.threads, 1, 1],
        functions: [noEpilogue(), pictureReader("x", ["args.h", "args.w"], ofX)],
        body: () =>
          text.body({
            a: taps(ofX),
            b: stridedFactor("grad", { line: "1u", step: "args.columns" }, { along: "lines", vector: ofGrad }),
            vector: ofGrad,
          }),
      }),
    launches: [{ rows, steps: n * oh * ow, args: { ...geometry } }],
  };
}
