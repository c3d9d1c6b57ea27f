/** How a tile of a matrix product is cut for the invocations of a workgroup. See `tileBody`. */

/** The block of sums that a workgroup computes, and the steps of the blocks of factors in workgroup memory. */
export interface TileShape {
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
}

export interface WorkgroupTile extends TileShape {
  /** Sums of an invocation. */
  readonly perRows: number;
  readonly perColumns: number;
}

/** An element of a factor, in a buffer or in workgroup memory. */
export type Element = "f32" | "f16";

export const bytesOfElement: Readonly<Record<Element, number>> = { f32: 4, f16: 2 };

/** Invocations of a workgroup that take rows apart, and columns. */
export const down = (tile: WorkgroupTile): number => tile.rows / tile.perRows;
export const across = (tile: WorkgroupTile): number => tile.columns / tile.perColumns;

/** Invocations of a workgroup. */
export const threadsOf = (tile: WorkgroupTile): number => down(tile) * across(tile);

/** Bytes of workgroup memory at most: with both factors padded. */
export const bytesOfTile = ({ rows, columns, steps }: WorkgroupTile, element: Element): number =>
  bytesOfElement[element] * (rows + columns) * (steps + 4);
