/**
 * Gradient of a convolution's input as an implicit matrix product by register tiles: rows are input pixels, columns are
 * input channels, the sum runs over taps and output channels.
 *
 *   dx[pixel, c] = sum over ky, kx, oc of dy[output that meets the pixel under tap (ky, kx), oc] * turned w[ky, kx, oc, c]
 *
 * Method   Pixels a stride apart meet the same taps, so one launch takes one phase of rows and one of columns: a dense
 *          convolution of the taps that count. A tap beyond the border reads element 0 and counts as zero; unsigned
 *          arithmetic wraps, so a coordinate left of or above dy is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { dispatchTiles, fillsTiles, hasTile, tileFor, tileSettings } from "../../variants/tile-variant.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import {
  canPair,
  locateTile,
  perColumn,
  perRowPart,
  type ResultTile,
  storeSums,
  sumProducts,
} from "../../wgsl/register-tile.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy } from "../../wgsl/width.js";
import { type ConvGeometry, phasesOf } from "../conv2d/geometry.js";
import { hasFewPhases, phaseArgs, pixelOf } from "./phases.js";
import { afterTurning } from "./turned-weight.js";

const body = (tile: ResultTile, isPaired: boolean, readsElements: boolean): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locateTile(tile)}
${perRowPart(
  tile,
  (p, row) => `
  let pixel${p} = min(${row}, args.pixels - 1u);
  let line${p} = pixel${p} / args.across;
  let batch${p} = line${p} / args.down;
  let y${p} = line${p} - batch${p} * args.down + u32(args.outY);
  let x${p} = pixel${p} - line${p} * args.across + u32(args.outX);
  let image${p} = batch${p} * args.oh;`,
)}
${perColumn(tile, (j, column) => `let wAt${j} = min(${column}, args.c - 1u) / ${tile.width}u;`, tile.width)}
  let wLine = args.c / ${tile.width}u;
  var backY = 0u;
  for (var ky = args.tapY; ky < args.kh; ky += args.stepY) {
    var backX = 0u;
    for (var kx = args.tapX; kx < args.kw; kx += args.stepX) {
${perRowPart(
  tile,
  (p) => `
    let ty${p} = y${p} - backY;
    let tx${p} = x${p} - backX;
    let inside${p} = ty${p} < args.oh && tx${p} < args.ow;
    let gradAt${p} = select(0u, ((image${p} + ty${p}) * args.ow + tx${p}) * args.oc, inside${p});`,
)}
    let tap = (ky * args.kw + kx) * args.oc;
${sumProducts(
  tile,
  "args.oc",
  (p, k) =>
    isPaired
      ? `select(vec2f(), grad[(gradAt${p} + ${k}) / 2u], inside${p})`
      : `select(0.0, grad[gradAt${p} + ${k}], inside${p})`,
  (j, k) => `w[(tap + ${k}) * wLine + wAt${j}]`,
  tile.width,
  { a: isPaired, b: false },
)}
      backX += args.backX;
    }
    backY += args.backY;
  }
${storeSums(tile, "args.pixels", "args.c", readsElements, (row) => `pixel_of(${row})`)}
}
`;

const kernelFor = (tile: ResultTile, isPaired: boolean, { bindings, functions, readsElements }: Epilogue): Kernel =>
  defineKernel({
    name: "conv2dInputGrad/subgroup-tile",
    enable: ["subgroups"],
    bindings: {
      grad: isPaired ? "read vec2f" : "read f32",
      w: boundBy("read", tile.width),
      ...bindings,
      y: boundBy("write", tile.width),
    },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", kw: "u32", sy: "u32", sx: "u32" },
      ...{ startY: "u32", startX: "u32", down: "u32", across: "u32", outY: "i32", outX: "i32" },
      ...{ tapY: "u32", tapX: "u32", stepY: "u32", stepX: "u32", backY: "u32", backX: "u32" },
      ...{ pixels: "u32", tileColumns: "u32", activation: "u32" },
    },
    workgroup: [tile.lanes, 1, 1],
    functions: [...functions, pixelOf],
    body: () => body(tile, isPaired, readsElements),
  });

/** The register-tile variant of an op that is the input gradient of one convolution without groups. */
export const inputTile = <P extends EpilogueParams>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "subgroup-tile",
  fits: (problem, caps) => hasTile(caps) && hasFewPhases(geometryOf(problem)),
  suits(problem, caps) {
    const { n, h, w, c, sy, sx } = geometryOf(problem);
    return fillsTiles(caps, { rows: Math.ceil((n * h * w) / (sy * sx)), columns: c });
  },
  settings: (problem, caps) => tileSettings(caps, geometryOf(problem).c),
  lower(problem, caps, settings) {
    const geometry = geometryOf(problem);
    const { n, h, w, c, kh, kw, sy, sx, py, px, dy, dx } = geometry;
    const tile = tileFor(caps, c, settings);
    const epilogue = epilogueOf(problem, tile.width);
    const kernel = kernelFor(tile, canPair(tile, geometry.oc), epilogue);
    const dispatches = phasesOf(h, kh, sy, py, dy).flatMap((down) =>
      phasesOf(w, kw, sx, px, dx).map((across) => {
        const pixels = n * down.count * across.count;
        return dispatchTiles(kernel, tile, caps, {
          rows: pixels,
          columns: c,
          bind: { grad: { input: 0 }, w: { scratch: 0 }, ...epilogue.bind, y: { output: 0 } },
          args: {
            ...geometry,
            ...phaseArgs(down, across),
            pixels,
            activation: epilogue.activation,
          },
        });
      }),
    );
    return afterTurning(caps, geometry, dispatches);
  },
});
