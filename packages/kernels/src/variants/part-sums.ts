/**
 * Sums down the columns of rows x columns, the rows cut into parts: for a part and a column by one invocation, or by those
 * lanes of a workgroup that share the column, whose sums are joined as a tree. Both in fixed order, so equal input gives
 * equal bits.
 *
 * Names    the kernel's text has `struct Sums` and
 *            begin(first: u32, column: u32) -> Sums          for the part whose first row is `first`
 *            with_row(sums: Sums, at: u32) -> Sums           `at` is the place of an element: row * columns + column
 *            join(a: Sums, b: Sums) -> Sums                  of one part and column
 *            finish(sums: Sums, i: u32, column: u32, count: f32)          i = part * columns + column; count rows
 *          Columns count values: four numbers each where the width is four.
 */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Operand, VariantSettings } from "../op.js";
import { dispatch } from "../wgsl/dispatch.js";
import { flatGroup, flatIndex } from "../wgsl/functions.js";
import { type ArgType, wgsl } from "../wgsl/source.js";
import { defineWide, type WideBinding, type WideKernels, type Width, widthsFor } from "../wgsl/width.js";

const LANES = 256;

const alone = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.parts * args.columns) { return; }
  let first = i / args.columns * args.rowsPerPart;
  let end = min(first + args.rowsPerPart, args.rows);
  let column = i % args.columns;
  var sums = begin(first, column);
  for (var at = first * args.columns + column; at < end * args.columns; at += args.columns) { sums = with_row(sums, at); }
  finish(sums, i, column, f32(end - first));
}
`;

const together = wgsl`
var<workgroup> held: array<Sums, WG_X>;

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let flat = flat_group(group, groups);
  let part = flat / args.blocks;
  if (part >= args.parts) { return; }
  let first = part * args.rowsPerPart;
  let end = min(first + args.rowsPerPart, args.rows);
  let lane = local / args.across;
  let wanted = flat % args.blocks * args.across + local % args.across;
  let column = min(wanted, args.columns - 1u);
  var sums = begin(first, column);
  if (lane < args.down) {
    for (var row = first + lane; row < end; row += args.down) { sums = with_row(sums, row * args.columns + column); }
  }
  held[local] = sums;
  workgroupBarrier();
  for (var distance = args.half; distance > 0u; distance /= 2u) {
    if (lane < distance && lane + distance < args.down) { held[local] = join(held[local], held[local + distance * args.across]); }
    workgroupBarrier();
  }
  if (lane == 0u && wanted < args.columns) {
    finish(held[local], part * args.columns + column, column, f32(end - first));
  }
}
`;

/** Arguments of a kernel of one invocation per sum; one of workgroups has those of a tile too. */
type CutArg = "rows" | "columns" | "parts" | "rowsPerPart";
type TileArg = "blocks" | "across" | "down" | "half";

/** By whom a column of a part is summed. */
export interface PartKernels<B extends string, A extends string> {
  readonly alone: WideKernels<B, A | CutArg>;
  readonly together: WideKernels<B, A | CutArg | TileArg>;
}

export interface PartParts<B extends string, A extends string> {
  readonly name: string;
  readonly bindings: Readonly<Record<B, WideBinding>>;
  readonly args: Readonly<Record<A, ArgType>>;
  /** See `Names` above. */
  readonly body: string;
}

export function definePartSums<B extends string, A extends string>({
  name,
  bindings,
  args,
  body,
}: PartParts<B, A>): PartKernels<B, A> {
  const cut = { ...args, rows: "u32", columns: "u32", parts: "u32", rowsPerPart: "u32" };
  return {
    alone: defineWide<B, A | CutArg>({
      name,
      bindings,
      args: cut as Readonly<Record<A | CutArg, ArgType>>,
      workgroup: [64, 1, 1],
      functions: [flatIndex],
      body: body + alone,
    }),
    together: defineWide<B, A | CutArg | TileArg>({
      name,
      bindings,
      args: { ...cut, blocks: "u32", across: "u32", down: "u32", half: "u32" } as Readonly<
        Record<A | CutArg | TileArg, ArgType>
      >,
      workgroup: [LANES, 1, 1],
      functions: [flatGroup],
      body: body + together,
    }),
  };
}

/** Rows and columns in numbers. */
export interface PartExtents {
  readonly rows: number;
  readonly columns: number;
}

/** `lanes` that share what is summed: 1, or those of a workgroup. */
export interface PartSettings {
  readonly width: Width;
  readonly lanes: number;
  readonly rowsPerPart: number;
}

interface Tile {
  /** Workgroups side by side, each of `across` columns of `down` lanes. */
  readonly blocks: number;
  readonly across: number;
  readonly down: number;
  /** The power of two below `down`: how far apart the first sums are that the tree joins. */
  readonly half: number;
}

const MOST_ACROSS = 64; // values: neighbours that are loaded in one go

function tileFor(columns: number): Tile {
  const blocks = Math.ceil(columns / MOST_ACROSS);
  const across = Math.ceil(columns / blocks);
  const down = Math.floor(LANES / across);
  return { blocks, across, down, half: Math.floor(2 ** (Math.ceil(Math.log2(down)) - 1)) };
}

/** The launch that sums every part. */
export function launchParts<B extends string, A extends string>(
  { alone: byOne, together: byMany }: PartKernels<B, A>,
  caps: Capabilities,
  { rows, columns: numbers }: PartExtents,
  { width, lanes, rowsPerPart }: PartSettings,
  bind: Readonly<Record<B, Operand>>,
  own: Readonly<Record<A, number>>,
): Dispatch {
  const columns = numbers / width;
  const parts = Math.ceil(rows / rowsPerPart);
  const args = { ...own, rows, columns, parts, rowsPerPart };
  if (lanes === 1) {
    const all = args as Readonly<Record<A | CutArg, number>>;
    return dispatch(byOne[width], caps, { threads: parts * columns, bind, args: all });
  }
  const tile = tileFor(columns);
  const all = { ...args, ...tile } as Readonly<Record<A | CutArg | TileArg, number>>;
  return dispatch(byMany[width], caps, { groups: parts * tile.blocks, bind, args: all });
}

const FEWEST_ROWS = 32; // of a part: below, its sums cost more to store and to add than they save
const FEW_SUMS = 8192; // invocations of a software adapter
const ROWS_PER_LANE = 4;
const MANY_WORKGROUPS = 1024;

function rowsPerPart(width: Width, lanes: number, { rows, columns }: PartExtents): number {
  const values = columns / width;
  if (lanes === 1) return Math.max(FEWEST_ROWS, Math.ceil((rows * values) / FEW_SUMS));
  const { blocks, down } = tileFor(values);
  return Math.max(ROWS_PER_LANE * down, Math.ceil((rows * blocks) / MANY_WORKGROUPS));
}

/** Settings of sums whose parts are to be added, or with parts of `given` rows. */
export function partSettings(
  caps: Capabilities,
  extents: PartExtents,
  given?: number,
): readonly (VariantSettings & PartSettings)[] {
  const make = (width: Width, lanes: number): VariantSettings & PartSettings => ({
    ...{ width, lanes, rowsPerPart: given ?? rowsPerPart(width, lanes, extents) },
  });
  const order = caps.software ? [1, LANES] : [LANES, 1];
  const all = order.flatMap((lanes) => widthsFor(extents.columns).map((width) => make(width, lanes)));
  const long = { ...all[0]!, rowsPerPart: 4 * all[0]!.rowsPerPart };
  return given === undefined && long.rowsPerPart < extents.rows ? [...all, long] : all;
}
