/**
 * What all tiles of a matrix product have in common: a workgroup computes a rows x columns block of sums,
 *
 *   c[row, column] += a[row, step] * b[step, column]   for every step of a range
 *
 * Method   The invocations load blocks of a and b, rows x steps and steps x columns, into workgroup memory, four
 *          neighbours a vector; the next blocks are on their way to registers while these are multiplied. What has its
 *          steps side by side in memory keeps them so in workgroup memory, where padding makes neighbours fall on
 *          different banks, and nothing is transposed. Workgroups that follow each other take the tiles of a band, column
 *          by column: together they read few rows of a and few columns of b, which a cache holds. A trip of the loop loads a
 *          block and multiplies the one before, which the first has not.
 * Names    WGSL around this text has `first` and `end`, the range of steps, `row` and `column`, where the block starts, and
 *          `part`.
 */
import { times } from "./source.js";
import type { TileFactor, TileSide } from "./tile-side.js";
import type { TileShape } from "./workgroup-tile.js";

/** What the tiles of a kernel compute. */
export interface TileBody {
  readonly a: TileFactor;
  readonly b: TileFactor;
  /** The row of y that row `row` is. */
  readonly place?: (row: string) => string;
  /** Is y bound as vectors? Only with b along its lines and a multiple of four columns. */
  readonly vector: boolean;
}

/** Who holds the sums, as text. */
export interface TileSums {
  /** Declarations before the entry point. */
  readonly declare: string;
  /** Further parameters of the entry point. */
  readonly builtins?: string;
  /** Before the loop: the sums, zero. */
  readonly begin: string;
  /** Multiplies what is in workgroup memory, `quads` times four steps, or a few more, which are zero. */
  readonly multiply: string;
  /** Writes the part of the block inside rows x columns. */
  readonly store: string;
}

const BAND = 8; // rows of tiles

/**
 * The shader around the functions that factors and sums call. Arguments besides those: steps, and `perPart` of them to each of
 * `parts`; `tiles`, and `tileColumns` of them side by side. Part p of the sums is written p x `args.size` elements further.
 */
export function tileLoop(tile: TileShape, sides: readonly TileSide[], sums: TileSums): string {
  const both = (text: (side: TileSide) => string): string => times(sides.length, (i) => text(sides[i]!));
  return `
${both((s) => s.memory)}${sums.declare}
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32${sums.builtins ?? ""}) {
  let index = group.y * groups.x + group.x;
  let part = index / args.tiles;
  if (part >= args.parts) { return; }
  let band = index % args.tiles / (${BAND}u * args.tileColumns) * ${BAND}u;
  let inBand = index % args.tiles - band * args.tileColumns;
  let deep = min(args.tiles / args.tileColumns - band, ${BAND}u);
  let row = (band + inBand % deep) * ${tile.rows}u;
  let column = inBand / deep * ${tile.columns}u;
  let first = part * args.perPart;
  let end = min(first + args.perPart, args.steps);
${sums.begin}
${both((s) => s.begin)}
  for (var block = first; block < end + ${tile.steps}u; block += ${tile.steps}u) {
${both((s) => s.next)}
    let quads = select(min(${tile.steps / 4}u, (end + ${tile.steps + 3}u - block) / 4u), 0u, block == first);
${sums.multiply}
    workgroupBarrier();
${both((s) => s.store)}
    workgroupBarrier();
  }
${sums.store}
}
`;
}
