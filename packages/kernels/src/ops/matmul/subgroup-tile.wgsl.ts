/**
 * Matrix product by register tiles, one block of y per subgroup.
 *
 *   y[i, j] = activate(sum over k of a[i * aRow + k * aStep] * b[k * bStep + j * bColumn] + bias[j] + residual[i, j])
 *
 * Strides are arguments, so one pipeline serves A@B, A^T@B, A@B^T and the 1x1 convolution.
 *
 * Method   A long sum with a small result may be cut into parts, which another kernel of the same text but for its range
 *          computes side by side.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Operand, Problem, Variant, VariantSettings } from "../../op.js";
import { lowerSplit, mostParts, splitEvenly } from "../../variants/split-sum.js";
import { countTiles, dispatchTiles, fillsTiles, hasTile, tileFor, tileSettings } from "../../variants/tile-variant.js";
import { bareSum, type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import {
  locateTile,
  perColumnPart,
  perRowPart,
  storeSums,
  sumProducts,
  TILE,
  type Tile,
} from "../../wgsl/register-tile.js";
import { type ArgType, defineKernel, type Kernel } from "../../wgsl/source.js";
import type { Product } from "./product.js";

const BUSY = 512; // workgroups
const BUSY_SOFTWARE = 8;
const STEPS_PER_PART = 64; // below, adding the parts costs more than it gains

const whole = {
  locate: (tile: Tile): string => locateTile(tile),
  count: "args.k",
  skip: (_stride: string): string => "",
  place: (row: string): string => `(${row})`,
  args: { activation: "u32" } as Readonly<Record<string, ArgType>>,
};

const inParts = {
  locate: (tile: Tile): string => `
  let index = ${TILE};
  let part = index / args.tiles;
  if (part >= args.parts) { return; }
  let first = part * args.perPart;
  let count = min(args.perPart, args.k - first);
${locateTile(tile, "index % args.tiles")}`,
  count: "count",
  skip: (stride: string): string => ` + first * ${stride}`,
  place: (row: string): string => `(part * args.m + ${row})`,
  args: { tiles: "u32", parts: "u32", perPart: "u32" } as Readonly<Record<string, ArgType>>,
};

const body = (tile: Tile, { locate, count, skip, place }: typeof whole): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locate(tile)}
${perRowPart(tile, (p, row) => `let aAt${p} = min(${row}, args.m - 1u) * args.aRow${skip("args.aStep")};`)}
${perColumnPart(tile, (j, column) => `let bAt${j} = min(${column}, args.n - 1u) * args.bColumn${skip("args.bStep")};`)}
${sumProducts(
  tile,
  count,
  (p, k) => `a[aAt${p} + ${k} * args.aStep]`,
  (j, k) => `b[bAt${j} + ${k} * args.bStep]`,
)}
${storeSums(tile, "args.m", "args.n", place)}
}
`;

const kernelFor = (tile: Tile, { bindings, functions }: Epilogue, text: typeof whole): Kernel =>
  defineKernel({
    name: "matmul/subgroup-tile",
    enable: ["subgroups"],
    bindings: { a: "read f32", b: "read f32", ...bindings, y: "write f32" },
    args: {
      m: "u32",
      k: "u32",
      n: "u32",
      aRow: "u32",
      aStep: "u32",
      bStep: "u32",
      bColumn: "u32",
      tileColumns: "u32",
      ...text.args,
    },
    workgroup: [tile.lanes, 1, 1],
    functions,
    body: body(tile, text),
  });

/** Tiles for the whole sum; and where few make the result and the sum is long, the default tile with parts of it. */
function settingsOf(caps: Capabilities, { m, k, n }: Product): readonly VariantSettings[] {
  const whole = tileSettings(caps, n).map((settings) => ({ ...settings, parts: 1 }));
  const first = whole[0]!;
  const tiles = countTiles(tileFor(caps, n, first), { rows: m, columns: n });
  const busy = Math.ceil((caps.software ? BUSY_SOFTWARE : BUSY) / tiles);
  const most = Math.min(Math.floor(k / STEPS_PER_PART), mostParts(m * n));
  const parts = new Set([busy, 4 * busy].map((wanted) => Math.min(wanted, most)));
  return busy < 2 ? whole : [...whole, ...[...parts].filter((p) => p > 1).map((p) => ({ ...first, parts: p }))];
}

/** The register-tile variant of an op that is one matrix product. */
export const subgroupTile = <P extends EpilogueParams>(
  name: string,
  productOf: (problem: Problem<P>) => Product | undefined,
): Variant<P> => ({
  name,
  fits: (problem, caps) => hasTile(caps) && productOf(problem) !== undefined,
  suits(problem, caps) {
    const { m, n } = productOf(problem)!;
    return fillsTiles(caps, { rows: m, columns: n });
  },
  settings: (problem, caps) => settingsOf(caps, productOf(problem)!),
  lower(problem, caps, settings = settingsOf(caps, productOf(problem)!)[0]!) {
    const product = productOf(problem)!;
    const { m, k, n } = product;
    const tile = tileFor(caps, n, settings);
    const epilogue = epilogueOf(problem);
    const { parts, linesPerPart: perPart } = splitEvenly(k, settings.parts!);
    const [ends, text] = parts === 1 ? [epilogue, whole] : [bareSum, inParts];
    const kernel = kernelFor(tile, ends, text);
    const tiles = countTiles(tile, { rows: m, columns: n });
    const launches = (y: Operand): Dispatch[] => [
      dispatchTiles(
        kernel,
        tile,
        caps,
        {
          rows: m,
          columns: n,
          bind: { a: { input: 0 }, b: { input: 1 }, ...ends.bind, y },
          args: { ...product, activation: ends.activation, tiles, parts, perPart },
        },
        parts,
      ),
    ];
    return lowerSplit(caps, parts, m * n, launches, { epilogue, columns: n });
  },
});
