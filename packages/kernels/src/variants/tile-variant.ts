/** What variants share that compute a rows x columns result by register tiles, one subgroup a tile. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Operand, Problem, Variant, VariantSettings } from "../op.js";
import { dispatch } from "../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../wgsl/epilogue.js";
import type { ResultTile, Tile } from "../wgsl/register-tile.js";
import type { Kernel } from "../wgsl/source.js";

const sizes = [4, 8, 16, 32];

/** Does the device have subgroups of one fixed size that divides the tile? */
export const hasTile = (caps: Capabilities): boolean => sizes.includes(caps.subgroupSize ?? 0);

const tile = (rows: number, columns: number, unroll: number): Omit<Tile, "lanes"> => ({ rows, columns, unroll });

/** Those that compile in about a second on a software adapter. More sums than 256 take half as long again. */
const tiles = [
  ...[tile(32, 32, 2), tile(32, 64, 2), tile(16, 32, 2), tile(32, 16, 2), tile(32, 32, 1), tile(16, 16, 4)],
  tile(48, 32, 2),
];

/**
 * Settings for a result of `columns` columns on a device that passes `hasTile`. The default is a tile of 32 columns, or of half
 * of them where the other half would be empty; a software adapter, which then loads less for every product, takes 64
 * where that leaves no more of them empty.
 */
export function tileSettings(caps: Capabilities, columns: number): readonly VariantSettings[] {
  const lanes = caps.subgroupSize!;
  const narrow = Math.max(16, lanes);
  const wide = caps.software && Math.ceil(columns / 32) % 2 === 0 ? 64 : 32;
  const across = columns <= 16 ? narrow : wide;
  const fit = tiles.filter(
    (t) => t.rows % lanes === 0 && t.columns % lanes === 0 && (columns > 16 || t.columns === narrow),
  );
  const first = fit.find((t) => t.columns === across)!;
  return [first, ...fit.filter((t) => t !== first)].map((t) => ({ ...t }));
}

/** The tile of these settings, or the default one, for a result of `columns` columns. */
export function tileFor(
  caps: Capabilities,
  columns: number,
  settings: VariantSettings = tileSettings(caps, columns)[0]!,
): ResultTile {
  const { rows, columns: across, unroll } = settings as Omit<Tile, "lanes">;
  const lanes = caps.subgroupSize!;
  return { lanes, rows, columns: across, unroll, width: columns % 4 === 0 && (across / lanes) % 4 === 0 ? 4 : 1 };
}

export interface Extents {
  readonly rows: number;
  readonly columns: number;
}

export const countTiles = (tile: Tile, { rows, columns }: Extents): number =>
  Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);

/** Below a sixteenth of the tiles in use, one thread per output is as fast (measured on a software adapter). */
export function fillsTiles(caps: Capabilities, result: Extents): boolean {
  const tile = tileFor(caps, result.columns);
  return 16 * result.rows * result.columns >= countTiles(tile, result) * tile.rows * tile.columns;
}

export interface TiledResult extends Extents {
  readonly bind: Readonly<Record<string, Operand>>;
  /** Arguments of the kernel but for those of its epilogue and `tileColumns`, the number of tiles side by side. */
  readonly args: Readonly<Record<string, number>>;
}

/** One launch of a kernel of tiles that computes the result once, or in `parts` that it tells apart. */
export function dispatchTiles(
  kernel: Kernel,
  tile: Tile,
  caps: Capabilities,
  result: TiledResult,
  parts = 1,
): Dispatch {
  return dispatch(kernel, caps, {
    groups: countTiles(tile, result) * parts,
    bind: result.bind,
    args: { ...result.args, tileColumns: Math.ceil(result.columns / tile.columns) },
  });
}

/** The register-tile variant of an op; `resultOf` returns undefined for a problem the kernel cannot compute. */
export const tileVariant = <P extends EpilogueParams>(
  name: string,
  kernelFor: (tile: ResultTile, epilogue: Epilogue, args: TiledResult["args"]) => Kernel,
  resultOf: (problem: Problem<P>) => TiledResult | undefined,
): Variant<P> => ({
  name,
  fits: (problem, caps) => hasTile(caps) && resultOf(problem) !== undefined,
  suits: (problem, caps) => fillsTiles(caps, resultOf(problem)!),
  settings: (problem, caps) => tileSettings(caps, resultOf(problem)!.columns),
  lower(problem, caps, settings) {
    const result = resultOf(problem)!;
    const tile = tileFor(caps, result.columns, settings);
    const epilogue = epilogueOf(problem, tile.width);
    const bind = { ...result.bind, ...epilogue.bind };
    const args = { ...result.args, activation: epilogue.activation };
    return { dispatches: [dispatchTiles(kernelFor(tile, epilogue, args), tile, caps, { ...result, bind, args })] };
  },
});
