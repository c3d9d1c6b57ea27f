/** What variants share that compute a rows x columns result by tiles in workgroup memory, for real GPUs. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Operand, Problem, Variant, VariantSettings } from "../op.js";
import { dispatch } from "../wgsl/dispatch.js";
import { bareSum, type Epilogue } from "../wgsl/epilogue.js";
import type { ArgType, Kernel } from "../wgsl/source.js";
import { bytesOfTile, threadsOf, type WorkgroupTile } from "../wgsl/workgroup-tile.js";
import { lowerSplit, mostParts, splitEvenly } from "./split-sum.js";

const tile = (rows: number, columns: number, steps: number, perRows: number, perColumns: number): WorkgroupTile => ({
  ...{ rows, columns, steps, perRows, perColumns },
});

/** From the largest to the smallest; the last suits everything. */
const tiles: readonly WorkgroupTile[] = [
  tile(128, 128, 8, 8, 8),
  tile(128, 64, 16, 8, 8),
  tile(64, 64, 16, 8, 4),
  tile(64, 64, 16, 4, 4),
  tile(128, 16, 16, 8, 4),
  tile(16, 64, 16, 4, 4),
  tile(64, 32, 16, 4, 4),
  tile(32, 32, 8, 4, 4),
];

const ENOUGH = 256; // workgroups that keep a large GPU busy
const WANTED = 1024; // with a long sum it is cut until there are as many
const STEPS_PER_PART = 256; // below, writing and adding the parts costs more than it gains

export interface TiledExtents {
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum. */
  readonly steps: number;
}

const countTiles = (t: WorkgroupTile, { rows, columns }: TiledExtents): number =>
  Math.ceil(rows / t.rows) * Math.ceil(columns / t.columns);

/** Share of the tiles that is in use. */
const filled = (t: WorkgroupTile, extents: TiledExtents): number =>
  (extents.rows * extents.columns) / (countTiles(t, extents) * t.rows * t.columns);

/** As many parts of the sum as keep the device busy, and most of them. */
function partsFor(t: WorkgroupTile, extents: TiledExtents, size: number): readonly [usual: number, most: number] {
  const most = Math.max(1, Math.min(Math.ceil(extents.steps / (4 * t.steps)), mostParts(size)));
  const worthwhile = Math.floor(extents.steps / STEPS_PER_PART);
  const count = countTiles(t, extents);
  const usual = count >= ENOUGH ? 1 : Math.ceil(WANTED / count);
  return [Math.max(1, Math.min(usual, worthwhile, most)), most];
}

/** Settings of a result of `size` elements; `extents` are those of one launch. */
export function workgroupSettings(caps: Capabilities, extents: TiledExtents, size: number): readonly VariantSettings[] {
  const able = tiles.filter(
    (t) =>
      bytesOfTile(t) <= caps.maxComputeWorkgroupStorageSize && threadsOf(t) <= caps.maxComputeInvocationsPerWorkgroup,
  );
  const smallest = able.at(-1);
  if (!smallest) return [];
  // Not the tiles that are mostly empty where others are not.
  const fullest = Math.max(...able.map((t) => filled(t, extents)));
  const useful = able.filter((t) => t === smallest || 2 * filled(t, extents) >= fullest);
  const full = useful.filter((t) => 1.5 * filled(t, extents) >= fullest);
  const busy = full.find((t) => countTiles(t, extents) * partsFor(t, extents, size)[0] >= ENOUGH);
  // A software adapter, which would rather have another variant, compiles small ones in a fraction of the time.
  const order = caps.software ? useful.reverse() : [busy ?? full.at(-1)!, ...useful];
  const first = order[0]!;
  const settings = [...new Set(order)].map((t) => ({ ...t, parts: partsFor(t, extents, size)[0] }));
  const [usual, most] = partsFor(first, extents, size);
  const others = [...new Set([1, 2 * usual, 4 * usual].map((parts) => Math.min(parts, most)))];
  return [...settings, ...others.filter((parts) => parts !== usual).map((parts) => ({ ...first, parts }))];
}

/** One matrix product, or several of one kernel that write different elements of one result. */
export interface TiledWork {
  /** Elements of the result. */
  readonly size: number;
  readonly columns: number;
  /** `epilogue` undefined: the result ends as it is. */
  readonly epilogue?: Epilogue;
  /** Without the result, which is `y`. */
  readonly bind: Readonly<Record<string, Operand>>;
  kernel(tile: WorkgroupTile, epilogue: Epilogue): Kernel;
  readonly launches: readonly {
    readonly rows: number;
    readonly steps: number;
    /** Arguments of the kernel but for those that every tile has. */
    readonly args: Readonly<Record<string, number>>;
  }[];
}

/** Arguments of every kernel of workgroup tiles. */
export const tileArgs: Readonly<Record<string, ArgType>> = {
  ...{ rows: "u32", columns: "u32", steps: "u32", perPart: "u32", parts: "u32", size: "u32" },
  ...{ tiles: "u32", tileColumns: "u32", activation: "u32" },
};

/** The largest launch: what settings are chosen for. */
const extentsOf = ({ columns, launches }: TiledWork): TiledExtents => ({
  columns,
  rows: Math.max(...launches.map((l) => l.rows)),
  steps: Math.max(...launches.map((l) => l.steps)),
});

/** The workgroup-tile variant of an op; `workOf` returns undefined for a problem that is no matrix product. */
export function workgroupTileVariant<P>(workOf: (problem: Problem<P>) => TiledWork | undefined): Variant<P> {
  const settings = (problem: Problem<P>, caps: Capabilities): readonly VariantSettings[] => {
    const work = workOf(problem);
    return work ? workgroupSettings(caps, extentsOf(work), work.size) : [];
  };
  return {
    name: "workgroup-tile",
    fits: (problem, caps) => settings(problem, caps).length > 0,
    suits: (_, caps) => !caps.software,
    settings,
    lower(problem, caps, chosen = settings(problem, caps)[0]!) {
      const work = workOf(problem)!;
      const { size, columns, launches, epilogue = bareSum } = work;
      const {
        steps: block,
        parts: wanted,
        ...sums
      } = chosen as Readonly<Record<keyof WorkgroupTile | "parts", number>>;
      const t: WorkgroupTile = { ...sums, steps: block };
      const { parts, linesPerPart } = splitEvenly(Math.max(1, Math.ceil(extentsOf(work).steps / block)), wanted);
      const ends = parts === 1 ? epilogue : bareSum;
      const kernel = work.kernel(t, ends);
      return lowerSplit(
        caps,
        parts,
        size,
        (y) =>
          launches.map(({ rows, steps, args }) => {
            const count = countTiles(t, { rows, columns, steps });
            const tileColumns = Math.ceil(columns / t.columns);
            return dispatch(kernel, caps, {
              groups: count * parts,
              bind: { ...work.bind, ...ends.bind, y },
              args: {
                ...args,
                ...{ rows, columns, steps, perPart: linesPerPart * block, parts, size, tiles: count, tileColumns },
                activation: ends.activation,
              },
            });
          }),
        work.epilogue && { epilogue: work.epilogue, columns },
      );
    },
  };
}
