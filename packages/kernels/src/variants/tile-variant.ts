/** What variants share that compute a rows x columns result by register tiles, one subgroup a tile. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Operand, Problem, Variant } from "../op.js";
import { dispatch } from "../wgsl/dispatch.js";
import type { Tile } from "../wgsl/register-tile.js";
import type { Kernel } from "../wgsl/source.js";

const sizes = [4, 8, 16, 32];

/** Does the device have subgroups of one fixed size that divides the tile? */
export const hasTile = (caps: Capabilities): boolean => sizes.includes(caps.subgroupSize ?? 0);

/**
 * The tile for a result of `columns` columns on a device that passes `hasTile`: the largest that compiles in a second on
 * a software adapter, or half of it where the other half would be empty.
 */
export function tileFor(caps: Capabilities, columns: number): Tile {
  const lanes = caps.subgroupSize!;
  return { lanes, rows: 32, columns: columns <= 16 ? Math.max(16, lanes) : 32, unroll: 2 };
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
  /** Arguments of the kernel but for `tileColumns`, the number of tiles side by side. */
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
export const tileVariant = <P>(
  name: string,
  kernelFor: (tile: Tile, inputs: number) => Kernel,
  resultOf: (problem: Problem<P>) => TiledResult | undefined,
): Variant<P> => ({
  name,
  fits: (problem, caps) => hasTile(caps) && resultOf(problem) !== undefined,
  suits: (problem, caps) => fillsTiles(caps, resultOf(problem)!),
  lower(problem, caps) {
    const result = resultOf(problem)!;
    const tile = tileFor(caps, result.columns);
    return { dispatches: [dispatchTiles(kernelFor(tile, problem.inputs.length), tile, caps, result)] };
  },
});
