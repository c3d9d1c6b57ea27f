/**
 * Gradient of a convolution's input as an implicit matrix product by tiles in workgroup memory: rows are input pixels,
 * columns are input channels, steps are taps with their output channels.
 *
 *   dx[pixel, c] = epilogue(sum over (tap, oc) of dy[output that meets the pixel under the tap, oc] * w[tap, c, oc])
 *
 * Method   Pixels a stride apart meet the same taps, so one launch takes one phase of rows and one of columns. Output
 *          channels are side by side in both factors, so the weight stays as it is.
 */
import { type TiledWork, tileArgs } from "../../variants/workgroup-tile-variant.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { tileBody } from "../../wgsl/tile-body.js";
import { factorType, pictureReader } from "../../wgsl/tile-factors.js";
import { type TileFactor, threadsOf } from "../../wgsl/workgroup-tile.js";
import { type ConvGeometry, type Phase, phasesOf } from "../conv2d/geometry.js";
import { phaseArgs, pixelOf } from "./phases.js";

/** The outputs that the taps of a phase lie under. */
const outputs = (vector: boolean): TileFactor => ({
  along: "steps",
  vector,
  line: (at, line) => `
  let pixel${at} = ${line};
  let y${at} = pixel${at} / args.across % args.down + u32(args.outY);
  let x${at} = pixel${at} % args.across + u32(args.outX);
  let image${at} = pixel${at} / (args.across * args.down);`,
  step: (at, step) => `
    let met${at} = ${step} / args.oc;
    let oc${at} = ${step} % args.oc;
    let backY${at} = met${at} / args.tapsX * args.backY;
    let backX${at} = met${at} % args.tapsX * args.backX;`,
  load: (line, step) => `grad_at(image${line}, y${line} - backY${step}, x${line} - backX${step}, oc${step})`,
});

/** The weight of those taps. */
const weight = (vector: boolean): TileFactor => ({
  along: "steps",
  vector,
  line: (at, line) => `let wLine${at} = (${line}) * args.oc;`,
  step: (at, step) => `
    let wMet${at} = ${step} / args.oc;
    let wTap${at} = (args.tapY + wMet${at} / args.tapsX * args.stepY) * args.kw + args.tapX + wMet${at} % args.tapsX * args.stepX;
    let wFrom${at} = wTap${at} * args.columns * args.oc + ${step} % args.oc;`,
  load: (line, step) => `w[${vector ? `(wLine${line} + wFrom${step}) / 4u` : `wLine${line} + wFrom${step}`}]`,
});

const countTaps = ({ tap, tapStep }: Phase, kernel: number): number => Math.max(0, Math.ceil((kernel - tap) / tapStep));

/** The gradient as work of workgroup tiles; the convolution has no groups. */
export function tiledInputGrad(geometry: ConvGeometry, epilogue: Epilogue): TiledWork {
  const { n, h, w, c, oc, kh, kw, sy, sx, py, px, dy, dx } = geometry;
  const vector = oc % 4 === 0;
  return {
    size: n * h * w * c,
    columns: c,
    epilogue,
    bind: { grad: { input: 0 }, w: { input: 1 } },
    kernel: (tile, { bindings, functions }) =>
      defineKernel({
        name: "conv2dInputGrad/workgroup-tile",
        bindings: { grad: factorType(vector), w: factorType(vector), ...bindings, y: "write f32" },
        args: {
          ...tileArgs,
          ...{ h: "u32", w: "u32", oh: "u32", ow: "u32", oc: "u32", kw: "u32", sy: "u32", sx: "u32" },
          ...{ startY: "u32", startX: "u32", down: "u32", across: "u32", outY: "i32", outX: "i32", tapsX: "u32" },
          ...{ tapY: "u32", tapX: "u32", stepY: "u32", stepX: "u32", backY: "u32", backX: "u32" },
        },
        workgroup: [threadsOf(tile), 1, 1],
        functions: [...functions, pixelOf, pictureReader("grad", ["args.oh", "args.ow", "args.oc"], vector)],
        body: tileBody(tile, {
          a: outputs(vector),
          b: weight(vector),
          place: (row) => `pixel_of(${row})`,
          vector: false,
        }),
      }),
    launches: phasesOf(h, kh, sy, py, dy).flatMap((down) =>
      phasesOf(w, kw, sx, px, dx).map((across) => {
        const tapsX = countTaps(across, kw);
        return {
          rows: n * down.count * across.count,
          steps: countTaps(down, kh) * tapsX * oc,
          args: { ...geometry, ...phaseArgs(down, across), tapsX },
        };
      }),
    ),
  };
}
