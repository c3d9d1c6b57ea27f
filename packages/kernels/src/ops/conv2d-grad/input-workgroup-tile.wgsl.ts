/**
 * Gradient of a convolution's input as an implicit matrix product by tiles in workgroup memory: rows are input pixels,
 * columns are input channels, steps are taps with their output channels.
 *
 *   dx[pixel, c] = epilogue(sum over (tap, oc) of dy[output that meets the pixel under the tap, oc] * w[tap, c, oc])
 *
 * Method   Pixels a stride apart meet the same taps, so one launch takes one phase of rows and one of columns. Output
 *          channels are side by side in both factors, so the weight stays as it is.
 */
import { type TiledWork, tileArgs } from "../../variants/tiled-work.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { factorType, pictureReader, stepCounters } from "../../wgsl/tile-factors.js";
import type { TileFactor } from "../../wgsl/tile-side.js";
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
  let gradLine${at} = ((pixel${at} / (args.across * args.down) * args.oh + y${at}) * args.ow + x${at}) * args.oc;`,
  counters: stepCounters("met", "args.tapsX", "args.oc"),
  step: (at) => `
    let backY${at} = metFirst${at} * args.backY;
    let backX${at} = metMiddle${at} * args.backX;
    let gradFrom${at} = metLast${at} - (backY${at} * args.ow + backX${at}) * args.oc;`,
  load: (line, step) => `grad_at(y${line} - backY${step}, x${line} - backX${step}, gradLine${line} + gradFrom${step})`,
});

/** The weight of those taps. */
const weight = (vector: boolean): TileFactor => ({
  along: "steps",
  vector,
  line: (at, line) => `let wLine${at} = (${line}) * args.oc;`,
  counters: stepCounters("wMet", "args.tapsX", "args.oc"),
  step: (at) => `
    let wTap${at} = (args.tapY + wMetFirst${at} * args.stepY) * args.kw + args.tapX + wMetMiddle${at} * args.stepX;
    let wFrom${at} = wTap${at} * args.columns * args.oc + wMetLast${at};`,
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
    factors: ["grad", "w"],
    kernel: (text, { bindings, functions }) =>
      defineKernel({
        name: `conv2dInputGrad/${text.variant}`,
        enable: text.enable,
        bindings: { grad: factorType(vector), w: factorType(vector, text.b), ...bindings, y: text.result(false) },
        args: {
          ...tileArgs,
          ...{ h: "u32", w: "u32", oh: "u32", ow: "u32", oc: "u32", kw: "u32", sy: "u32", sx: "u32" },
          ...{ startY: "u32", startX: "u32", down: "u32", across: "u32", outY: "i32", outX: "i32", tapsX: "u32" },
          ...{ tapY: "u32", tapX: "u32", stepY: "u32", stepX: "u32", backY: "u32", backX: "u32" },
        },
        workgroup: [text.threads, 1, 1],
        functions: [...functions, pixelOf, pictureReader("grad", ["args.oh", "args.ow"], vector)],
        body: () =>
          text.body({
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
