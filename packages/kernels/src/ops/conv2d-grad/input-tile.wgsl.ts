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
import { dispatchTiles, fillsTiles, hasTile, tileFor } from "../../variants/tile-variant.js";
import { noEpilogue } from "../../wgsl/epilogue.js";
import { locateTile, perColumnPart, perRowPart, storeSums, sumProducts, type Tile } from "../../wgsl/register-tile.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { type ConvGeometry, phasesOf } from "../conv2d/geometry.js";
import { afterTurning } from "./turned-weight.js";

const MAX_PHASES = 16; // a launch each

const body = (tile: Tile): string => `
fn pixel_of(row: u32) -> u32 {
  let line = row / args.across;
  return ((line / args.down) * args.h + line % args.down * args.sy + args.startY) * args.w + row % args.across * args.sx + args.startX;
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locateTile(tile)}
${perRowPart(
  tile,
  (p, row) => `
  let pixel${p} = min(${row}, args.pixels - 1u);
  let y${p} = pixel${p} / args.across % args.down + u32(args.outY);
  let x${p} = pixel${p} % args.across + u32(args.outX);
  let image${p} = pixel${p} / (args.across * args.down) * args.oh;`,
)}
${perColumnPart(tile, (j, column) => `let wAt${j} = min(${column}, args.c - 1u);`)}
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
  (p, k) => `select(0.0, grad[gradAt${p} + ${k}], inside${p})`,
  (j, k) => `w[(tap + ${k}) * args.c + wAt${j}]`,
)}
      backX += args.backX;
    }
    backY += args.backY;
  }
${storeSums(tile, "args.pixels", "args.c", (row) => `pixel_of(${row})`)}
}
`;

const kernelFor = (tile: Tile): Kernel =>
  defineKernel({
    name: "conv2dInputGrad/subgroup-tile",
    enable: ["subgroups"],
    bindings: { grad: "read f32", w: "read f32", y: "write f32" },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", kw: "u32", sy: "u32", sx: "u32" },
      ...{ startY: "u32", startX: "u32", down: "u32", across: "u32", outY: "i32", outX: "i32" },
      ...{ tapY: "u32", tapX: "u32", stepY: "u32", stepX: "u32", backY: "u32", backX: "u32" },
      ...{ pixels: "u32", tileColumns: "u32" },
    },
    workgroup: [tile.lanes, 1, 1],
    functions: [noEpilogue],
    body: body(tile),
  });

/** The register-tile variant of an op that is the input gradient of one convolution without groups. */
export const inputTile = <P>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "subgroup-tile",
  fits(problem, caps) {
    const { groups, sy, sx } = geometryOf(problem);
    return hasTile(caps) && groups === 1 && sy * sx <= MAX_PHASES;
  },
  suits(problem, caps) {
    const { n, h, w, c, sy, sx } = geometryOf(problem);
    return fillsTiles(caps, { rows: Math.ceil((n * h * w) / (sy * sx)), columns: c });
  },
  lower(problem, caps) {
    const geometry = geometryOf(problem);
    const { n, h, w, c, kh, kw, sy, sx, py, px, dy, dx } = geometry;
    const tile = tileFor(caps, c);
    const kernel = kernelFor(tile);
    const dispatches = phasesOf(h, kh, sy, py, dy).flatMap((down) =>
      phasesOf(w, kw, sx, px, dx).map((across) => {
        const pixels = n * down.count * across.count;
        return dispatchTiles(kernel, tile, caps, {
          rows: pixels,
          columns: c,
          bind: { grad: { input: 0 }, w: { scratch: 0 }, y: { output: 0 } },
          args: {
            ...geometry,
            ...{ startY: down.start, down: down.count, outY: down.out, tapY: down.tap },
            ...{ stepY: down.tapStep, backY: down.outStep },
            ...{ startX: across.start, across: across.count, outX: across.out, tapX: across.tap },
            ...{ stepX: across.tapStep, backX: across.outStep },
            pixels,
          },
        });
      }),
    );
    return afterTurning(caps, geometry, dispatches);
  },
});
