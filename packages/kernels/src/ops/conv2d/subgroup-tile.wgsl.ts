/**
 * Convolution as an implicit matrix product by register tiles: rows are output pixels, columns are output channels.
 *
 *   y[q, oc] = activate(sum over ky, kx, c of x[pixel q under tap (ky, kx), c] * w[ky, kx, c, oc] + bias[oc] + residual[q, oc])
 *
 * Method   Each lane follows the pixels of its rows. The sum over channels runs on over the taps of a line where these are
 *          neighbours: they lie side by side in x as in w. What lies beyond the border of the line counts as zero. Unsigned
 *          arithmetic wraps, so a place left of or above the picture is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { tileVariant } from "../../variants/tile-variant.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
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
import type { ConvGeometry, ConvParams } from "./geometry.js";

const body = (tile: ResultTile, isPaired: boolean, readsElements: boolean): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locateTile(tile)}
${perRowPart(
  tile,
  (p, row) => `
  let pixel${p} = min(${row}, args.pixels - 1u);
  let down${p} = pixel${p} / args.ow;
  let batch${p} = down${p} / args.oh;
  let y${p} = (down${p} - batch${p} * args.oh) * args.sy - args.py;
  let x${p} = (pixel${p} - down${p} * args.ow) * args.sx - args.px;
  let image${p} = batch${p} * args.h;`,
)}
${perColumn(tile, (j, column) => `let wAt${j} = min(${column}, args.oc - 1u) / ${tile.width}u;`, tile.width)}
  let line = args.w * args.c;
  let wLine = args.oc / ${tile.width}u;
  for (var ky = 0u; ky < args.kh; ky++) {
    for (var run = 0u; run < args.runs; run++) {
${perRowPart(
  tile,
  (p) => `
    let ty${p} = y${p} + ky * args.dy;
    let first${p} = (x${p} + run * args.dx) * args.c;
    let lineAt${p} = (image${p} + ty${p}) * line;
    let limit${p} = select(0u, line, ty${p} < args.h);`,
)}
    let tap = (ky * args.runs + run) * args.runLength;
${sumProducts(
  tile,
  "args.runLength",
  (p, k) => {
    const at = `lineAt${p} + first${p} + ${k}`;
    const value = isPaired ? `vec2f(), x[(${at}) / 2u]` : `0.0, x[${at}]`;
    return `select(${value}, first${p} + ${k} < limit${p})`;
  },
  (j, k) => `w[(tap + ${k}) * wLine + wAt${j}]`,
  tile.width,
  { a: isPaired, b: false },
)}
    }
  }
${storeSums(tile, "args.pixels", "args.oc", readsElements)}
}
`;

const kernelFor = (
  tile: ResultTile,
  { bindings, functions, readsElements }: Epilogue,
  { c }: Readonly<Record<string, number>>,
): Kernel => {
  const isPaired = canPair(tile, c!);
  return defineKernel({
    name: "conv2d/subgroup-tile",
    enable: ["subgroups"],
    bindings: {
      x: isPaired ? "read vec2f" : "read f32",
      w: boundBy("read", tile.width),
      ...bindings,
      y: boundBy("write", tile.width),
    },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", runs: "u32", runLength: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
      ...{ pixels: "u32", tileColumns: "u32", activation: "u32" },
    },
    workgroup: [tile.lanes, 1, 1],
    functions,
    body: () => body(tile, isPaired, readsElements),
  });
};

/** Taps of a line that follow each other without a gap are one run of products. */
const runsOf = ({ kw, c, dx }: ConvGeometry): { readonly runs: number; readonly runLength: number } =>
  dx === 1 ? { runs: 1, runLength: kw * c } : { runs: kw, runLength: c };

export const subgroupTile = (geometryOf: (problem: Problem<ConvParams>) => ConvGeometry): Variant<ConvParams> =>
  tileVariant("subgroup-tile", kernelFor, (problem) => {
    const geometry = geometryOf(problem);
    if (geometry.groups > 1) return undefined;
    const pixels = geometry.n * geometry.oh * geometry.ow;
    return {
      rows: pixels,
      columns: geometry.oc,
      bind: { x: { input: 0 }, w: { input: 1 }, y: { output: 0 } },
      args: { ...geometry, ...runsOf(geometry), pixels },
    };
  });
