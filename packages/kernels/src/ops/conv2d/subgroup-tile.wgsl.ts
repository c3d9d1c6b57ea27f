/**
 * Convolution as an implicit matrix product by register tiles: rows are output pixels, columns are output channels.
 *
 *   y[q, oc] = activate(sum over ky, kx, c of x[pixel q under tap (ky, kx), c] * w[ky, kx, c, oc] + bias[oc] + residual[q, oc])
 *
 * Method   Each lane follows the pixels of its rows. Where a tap falls on is worked out once per tap, outside the loop over
 *          channels; a tap on the border reads element 0 and counts as zero. Unsigned arithmetic wraps, so a coordinate
 *          left of or above the picture is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { tileVariant } from "../../variants/tile-variant.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { locateTile, perColumnPart, perRowPart, storeSums, sumProducts, type Tile } from "../../wgsl/register-tile.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import type { ConvGeometry, ConvParams } from "./geometry.js";

const body = (tile: Tile): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locateTile(tile)}
${perRowPart(
  tile,
  (p, row) => `
  let pixel${p} = min(${row}, args.pixels - 1u);
  let y${p} = pixel${p} / args.ow % args.oh * args.sy - args.py;
  let x${p} = pixel${p} % args.ow * args.sx - args.px;
  let image${p} = pixel${p} / (args.ow * args.oh) * args.h;`,
)}
${perColumnPart(tile, (j, column) => `let wAt${j} = min(${column}, args.oc - 1u);`)}
  for (var ky = 0u; ky < args.kh; ky++) {
    for (var kx = 0u; kx < args.kw; kx++) {
${perRowPart(
  tile,
  (p) => `
    let ty${p} = y${p} + ky * args.dy;
    let tx${p} = x${p} + kx * args.dx;
    let inside${p} = ty${p} < args.h && tx${p} < args.w;
    let xAt${p} = select(0u, ((image${p} + ty${p}) * args.w + tx${p}) * args.c, inside${p});`,
)}
    let tap = (ky * args.kw + kx) * args.c;
${sumProducts(
  tile,
  "args.c",
  (p, k) => `select(0.0, x[xAt${p} + ${k}], inside${p})`,
  (j, k) => `w[(tap + ${k}) * args.oc + wAt${j}]`,
)}
    }
  }
${storeSums(tile, "args.pixels", "args.oc")}
}
`;

const kernelFor = (tile: Tile, { bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "conv2d/subgroup-tile",
    enable: ["subgroups"],
    bindings: { x: "read f32", w: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", kw: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
      ...{ pixels: "u32", tileColumns: "u32", activation: "u32" },
    },
    workgroup: [tile.lanes, 1, 1],
    functions,
    body: body(tile),
  });

export const subgroupTile = (geometryOf: (problem: Problem<ConvParams>) => ConvGeometry): Variant<ConvParams> =>
  tileVariant("subgroup-tile", kernelFor, (problem) => {
    const geometry = geometryOf(problem);
    if (geometry.groups > 1) return undefined;
    const pixels = geometry.n * geometry.oh * geometry.ow;
    return {
      rows: pixels,
      columns: geometry.oc,
      bind: { x: { input: 0 }, w: { input: 1 }, y: { output: 0 } },
      args: { ...geometry, pixels },
    };
  });
