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
  canPair,
  locateTile,
  type Paired,
  perColumn,
  perRowPart,
  type ResultTile,
  storeSums,
  sumProducts,
  TILE,
  type Tile,
} from "../../wgsl/register-tile.js";
import { type ArgType, defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
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

/** How the factors are read: the columns of b as they are written where they are neighbours in memory, and steps by two. */
interface Reads {
  readonly width: Width;
  readonly paired: Paired;
}

function readsOf(tile: ResultTile, product: Product, perPart: number): Reads {
  const { k, aRow, aStep, bStep, bColumn } = product;
  return {
    width: bColumn === 1 && bStep % tile.width === 0 ? tile.width : 1,
    paired: {
      a: aStep === 1 && canPair(tile, k, perPart, aRow),
      b: bStep === 1 && canPair(tile, k, perPart, bColumn),
    },
  };
}

const body = (
  tile: ResultTile,
  { width, paired }: Reads,
  { locate, count, skip, place }: typeof whole,
  readsElements: boolean,
): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locate(tile)}
${perRowPart(tile, (p, row) => `let aAt${p} = min(${row}, args.m - 1u) * args.aRow${skip("args.aStep")};`)}
${perColumn(tile, (j, column) => `let bAt${j} = min(${column}, args.n - 1u)${width === 4 ? " / 4u" : " * args.bColumn"}${skip("args.bStep")};`, width)}
${sumProducts(
  tile,
  count,
  (p, k) => (paired.a ? `a[(aAt${p} + ${k}) / 2u]` : `a[aAt${p} + ${k} * args.aStep]`),
  (j, k) => (paired.b ? `b[(bAt${j} + ${k}) / 2u]` : `b[bAt${j} + ${k} * args.bStep]`),
  width,
  paired,
)}
${storeSums(tile, "args.m", "args.n", readsElements, place)}
}
`;

const kernelFor = (
  tile: ResultTile,
  reads: Reads,
  { bindings, functions, readsElements }: Epilogue,
  text: typeof whole,
): Kernel =>
  defineKernel({
    name: "matmul/subgroup-tile",
    enable: ["subgroups"],
    bindings: {
      a: reads.paired.a ? "read vec2f" : "read f32",
      b: reads.paired.b ? "read vec2f" : boundBy("read", reads.width),
      ...bindings,
      y: boundBy("write", tile.width),
    },
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
    body: () => body(tile, reads, text, readsElements),
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

/**
 * One launch of a product: of the whole, which ends in `ends`, or of `parts` of its sums side by side, each over `perPart` steps;
 * then y is [parts, m, n].
 */
export function dispatchProduct(
  caps: Capabilities,
  tile: ResultTile,
  product: Product,
  bind: Readonly<Record<"a" | "b" | "y", Operand>>,
  { parts, perPart }: { readonly parts: number; readonly perPart: number },
  ends: Epilogue = bareSum(tile.width),
): Dispatch {
  const result = { rows: product.m, columns: product.n };
  const reads = readsOf(tile, product, perPart);
  const tiles = countTiles(tile, result);
  const bStep = product.bStep / reads.width;
  const args = { ...product, bStep, activation: ends.activation, tiles, parts, perPart };
  const kernel = kernelFor(tile, reads, ends, parts === 1 ? whole : inParts);
  return dispatchTiles(kernel, tile, caps, { ...result, bind: { ...ends.bind, ...bind }, args }, parts);
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
    const { parts, linesPerPart: perPart } = splitEvenly(k, settings.parts!);
    const launches = (y: Operand): Dispatch[] => {
      const bind = { a: { input: 0 }, b: { input: 1 }, y };
      return [
        dispatchProduct(
          caps,
          tile,
          product,
          bind,
          { parts, perPart },
          parts === 1 ? epilogueOf(problem, tile.width) : undefined,
        ),
      ];
    };
    const ending = { epilogue: epilogueOf(problem), columns: n };
    return lowerSplit(caps, parts, m * n, launches, ending);
  },
});
