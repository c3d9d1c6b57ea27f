/**
 * Convolution as an implicit matrix product by tiles in workgroup memory: rows are output pixels, columns are output
 * channels, steps are taps with their input channels.
 *
 *   y[q, oc] = epilogue(sum over (ky, kx, c) of x[pixel q under tap (ky, kx), c] * w[(ky, kx, c), oc])
 *
 * Method   Four neighbouring steps are one load where they are channels of one tap.
 */
import { type TiledWork, tileArgs } from "../../variants/tiled-work.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { factorType, pictureReader, stepCounters, stridedFactor } from "../../wgsl/tile-factors.js";
import type { TileFactor } from "../../wgsl/tile-side.js";
import type { ConvGeometry } from "./geometry.js";

/** What the taps fall on. */
const pixels = (vector: boolean): TileFactor => ({
  along: "steps",
  vector,
  line: (at, line) => `
  let pixel${at} = ${line};
  let y${at} = pixel${at} / args.ow % args.oh * args.sy - args.py;
  let x${at} = pixel${at} % args.ow * args.sx - args.px;
  let xLine${at} = ((pixel${at} / (args.ow * args.oh) * args.h + y${at}) * args.w + x${at}) * args.c;`,
  counters: stepCounters("tap", "args.kw", "args.c"),
  step: (at) => `
    let tapY${at} = tapFirst${at} * args.dy;
    let tapX${at} = tapMiddle${at} * args.dx;
    let xFrom${at} = (tapY${at} * args.w + tapX${at}) * args.c + tapLast${at};`,
  load: (line, step) => `x_at(y${line} + tapY${step}, x${line} + tapX${step}, xLine${line} + xFrom${step})`,
});

/** The convolution as work of workgroup tiles; it has no groups. */
export function tiledConvolution(geometry: ConvGeometry, epilogue: Epilogue): TiledWork {
  const { n, oh, ow, c, oc, kh, kw } = geometry;
  const rows = n * oh * ow;
  const ofX = c % 4 === 0;
  const ofW = oc % 4 === 0;
  return {
    size: rows * oc,
    columns: oc,
    epilogue,
    factors: ["x", "w"],
    kernel: (text, { bindings, functions }) =>
      defineKernel({
        name: `conv2d/${text.variant}`,
        enable: text.enable,
        bindings: {
          ...{ x: factorType(ofX), w: factorType(ofW, text.b) },
          ...bindings,
          y: text.result(ofW),
        },
        args: {
          ...tileArgs,
          ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", kw: "u32" },
          ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
        },
        workgroup: [text.threads, 1, 1],
        functions: [...functions, pictureReader("x", ["args.h", "args.w"], ofX)],
        body: () =>
          text.body({
            a: pixels(ofX),
            b: stridedFactor("w", { line: "1u", step: "args.columns" }, { along: "lines", vector: ofW }),
            vector: ofW,
          }),
      }),
    launches: [{ rows, steps: kh * kw * c, args: { ...geometry } }],
  };
}
