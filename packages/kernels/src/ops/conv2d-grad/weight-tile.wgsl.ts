/**
 * Gradient of a convolution's weight as an implicit matrix product by register tiles: rows are taps with their input
 * channels, columns are output channels, the sum runs over a part of the lines of dy.
 *
 *   parts[part, (ky, kx, c), oc] = sum over n, oy of the part and ox of x[pixel (n, oy, ox) under tap (ky, kx), c] * dy[n, oy, ox, oc]
 *
 * Method   Few tiles make the result, so the parts occupy the device. Each lane follows the taps of its rows; which line
 *          of x a tap falls on is worked out once per line, outside the loop over its pixels. What a tap
 *          reads outside the picture, of another line or clamped to the buffer, counts as zero; unsigned arithmetic wraps, so a coordinate left of or above the picture is
 *          larger than any extent.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Problem, Variant, VariantSettings } from "../../op.js";
import { lowerSplit, mostParts, splitEvenly, splitLines } from "../../variants/split-sum.js";
import { countTiles, dispatchTiles, fillsTiles, hasTile, tileFor, tileSettings } from "../../variants/tile-variant.js";
import { noEpilogue } from "../../wgsl/epilogue.js";
import {
  locateTile,
  perColumn,
  perRowPart,
  type ResultTile,
  storeSums,
  sumProducts,
  TILE,
} from "../../wgsl/register-tile.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

const SHORT = 256; // pixels of an image that make one line where lines do not matter

const body = (tile: ResultTile): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = ${TILE};
  let part = index / args.tiles;
  if (part >= args.parts) { return; }
${locateTile(tile, "index % args.tiles")}
${perRowPart(
  tile,
  (p, row) => `
  let row${p} = min(${row}, args.rows - 1u);
  let c${p} = row${p} % args.c;
  let y${p} = row${p} / args.c / args.kw * args.dy - args.py;
  let x${p} = row${p} / args.c % args.kw * args.dx - args.px;`,
)}
${perColumn(tile, (j, column) => `let oc${j} = min(${column}, args.oc - 1u) / ${tile.width}u;`, tile.width)}
  let gradLine = args.oc / ${tile.width}u;
  let step = args.sx * args.c;
  let linesEnd = min((part + 1u) * args.linesPerPart, args.lines);
  for (var line = part * args.linesPerPart; line < linesEnd; line++) {
    let gradAt = line * args.ow * gradLine;
    let top = line % args.oh * args.sy;
    let image = line / args.oh * args.h;
${perRowPart(
  tile,
  (p) => `
    let ty${p} = top + y${p};
    let limit${p} = select(0u, args.w, ty${p} < args.h);
    let xAt${p} = ((image + ty${p}) * args.w + x${p}) * args.c + c${p};`,
)}
${sumProducts(
  tile,
  "args.ow",
  (p, k) => `select(0.0, x[xAt${p} + ${k} * step], ${k} * args.sx + x${p} < limit${p})`,
  (j, k) => `grad[gradAt + ${k} * gradLine + oc${j}]`,
  tile.width,
)}
  }
${storeSums(tile, "args.rows", "args.oc", false, (row) => `(part * args.rows + ${row})`)}
}
`;

const kernelFor = (tile: ResultTile): Kernel =>
  defineKernel({
    name: "conv2dWeightGrad/subgroup-tile",
    enable: ["subgroups"],
    bindings: { x: "read f32", grad: boundBy("read", tile.width), y: boundBy("write", tile.width) },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kw: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
      ...{ rows: "u32", lines: "u32", parts: "u32", linesPerPart: "u32", tiles: "u32", tileColumns: "u32" },
    },
    workgroup: [tile.lanes, 1, 1],
    functions: [noEpilogue(tile.width)],
    body: () => body(tile),
  });

/**
 * The same sum with longer lines. To a 1x1 convolution of stride 1 without padding the pixels are one row, so small
 * images are taken as lines.
 */
function withLongLines(geometry: ConvGeometry): ConvGeometry {
  const { h, w, oh, ow, kh, kw, sy, sx } = geometry;
  if (kh * kw * sy * sx !== 1 || oh !== h || ow !== w || h * w > SHORT) return geometry;
  return { ...geometry, h: 1, oh: 1, w: h * w, ow: h * w };
}

/** Tiles with as many parts as keep the device busy, and the default tile with more and with fewer. */
function settingsOf(given: ConvGeometry, caps: Capabilities): readonly VariantSettings[] {
  const { n, c, oh, oc, kh, kw } = withLongLines(given);
  const rows = kh * kw * c;
  const lines = n * oh;
  // Of few rows, tiles of as few come first: half of a taller one would be empty.
  const isLow = ({ rows: tall }: VariantSettings): boolean => rows <= 16 && tall === 16;
  const tiles = tileSettings(caps, oc);
  const all = [...tiles.filter(isLow), ...tiles.filter((t) => !isLow(t))].map((settings) => {
    const count = countTiles(tileFor(caps, oc, settings), { rows, columns: oc });
    return { ...settings, parts: splitLines(lines, rows * oc, count, caps.software ? 64 : 2048).parts };
  });
  const usual = all[0]!;
  const most = Math.max(1, Math.min(lines, mostParts(rows * oc)));
  const others = [Math.ceil(usual.parts / 4), Math.min(4 * usual.parts, most)].filter((p) => p !== usual.parts);
  return [...all, ...others.map((parts) => ({ ...usual, parts }))];
}

/** The register-tile variant of an op that is the weight gradient of one convolution without groups. */
export const weightTile = <P>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "subgroup-tile",
  fits: (problem, caps) => hasTile(caps) && geometryOf(problem).groups === 1,
  suits(problem, caps) {
    const { c, oc, kh, kw } = geometryOf(problem);
    return fillsTiles(caps, { rows: kh * kw * c, columns: oc });
  },
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!) {
    const geometry = withLongLines(geometryOf(problem));
    const { n, c, oh, oc, kh, kw } = geometry;
    const tile = tileFor(caps, oc, settings);
    const extents = { rows: kh * kw * c, columns: oc };
    const tiles = countTiles(tile, extents);
    const lines = n * oh;
    const size = extents.rows * oc;
    const { parts, linesPerPart } = splitEvenly(lines, settings.parts!);
    return lowerSplit(caps, parts, size, (y) => [
      dispatchTiles(
        kernelFor(tile),
        tile,
        caps,
        {
          ...extents,
          bind: { x: { input: 0 }, grad: { input: 1 }, y },
          args: { ...geometry, rows: extents.rows, lines, parts, linesPerPart, tiles },
        },
        parts,
      ),
    ]);
  },
});
