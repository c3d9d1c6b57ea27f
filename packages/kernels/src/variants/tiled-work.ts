/** Matrix products, explicit or implicit, that variants compute by tiles of workgroups: what is common to those. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Lowered, Operand, Problem, Variant, VariantSettings } from "../op.js";
import { dispatchPackHalf } from "../ops/half/pack-half.js";
import { sizeOf, u32 } from "../spec.js";
import { dispatch } from "../wgsl/dispatch.js";
import { bareSum, type Epilogue } from "../wgsl/epilogue.js";
import type { ArgType, BindingType, Kernel } from "../wgsl/source.js";
import type { TileBody } from "../wgsl/tile-loop.js";
import type { Element, TileShape } from "../wgsl/workgroup-tile.js";
import { lowerSplit, mostParts, splitEvenly } from "./split-sum.js";

/** What of a kernel depends on the tiles that it computes by. */
export interface TileText {
  /** Of the variant, for the name of the kernel. */
  readonly variant: string;
  readonly enable: readonly string[];
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** Elements of b as it is bound. */
  readonly b: Element;
  /** The type of y where it can be bound as vectors, and where not. */
  result(vector: boolean): BindingType;
  body(parts: TileBody): string;
}

/** One matrix product, or several of one kernel that write different elements of one result. */
export interface TiledWork {
  /** Elements of the result. */
  readonly size: number;
  readonly columns: number;
  /** `epilogue` undefined: the result ends as it is. */
  readonly epilogue?: Epilogue;
  /** The names of the bindings of inputs 0 and 1, factors a and b. The result is `y`. */
  readonly factors: readonly [a: string, b: string];
  kernel(text: TileText, epilogue: Epilogue): Kernel;
  readonly launches: readonly {
    readonly rows: number;
    readonly steps: number;
    /** Arguments of the kernel but for those that every tile has. */
    readonly args: Readonly<Record<string, number>>;
  }[];
}

/** Arguments of every kernel of tiles. */
export const tileArgs: Readonly<Record<string, ArgType>> = {
  ...{ rows: "u32", columns: "u32", steps: "u32", perPart: "u32", parts: "u32", size: "u32" },
  ...{ tiles: "u32", tileColumns: "u32", activation: "u32" },
};

interface TiledExtents {
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum. */
  readonly steps: number;
  /** Products of these extents that run side by side. */
  readonly products?: number;
}

/** The largest launch: what settings are chosen for. */
const extentsOf = ({ columns, launches }: TiledWork): TiledExtents => ({
  columns,
  rows: Math.max(...launches.map((l) => l.rows)),
  steps: Math.max(...launches.map((l) => l.steps)),
});

const ENOUGH = 256; // workgroups that keep a large GPU busy
const WANTED = 1024; // with a long sum it is cut until there are as many
const STEPS_PER_PART = 256; // below, writing and adding the parts costs more than it gains

const countTiles = (t: TileShape, { rows, columns, products = 1 }: TiledExtents): number =>
  Math.ceil(rows / t.rows) * Math.ceil(columns / t.columns) * products;

/** Share of the tiles that is in use. */
const filled = (t: TileShape, extents: TiledExtents): number =>
  (extents.rows * extents.columns * (extents.products ?? 1)) / (countTiles(t, extents) * t.rows * t.columns);

/** As many parts of the sum as keep the device busy, and most of them. */
function partsFor(t: TileShape, extents: TiledExtents, size: number): readonly [usual: number, most: number] {
  const most = Math.max(1, Math.min(Math.ceil(extents.steps / (4 * t.steps)), mostParts(size)));
  const worthwhile = Math.floor(extents.steps / STEPS_PER_PART);
  const count = countTiles(t, extents);
  const usual = count >= ENOUGH ? 1 : Math.ceil(WANTED / count);
  return [Math.max(1, Math.min(usual, worthwhile, most)), most];
}

/** A tile as settings, and parts of the sum. */
type Cut = TileShape & Readonly<Record<string, number>>;

/** Settings for tiles that the device can run, from the largest to the smallest, which suits everything. */
function settingsFor(
  tiles: readonly Cut[],
  extents: TiledExtents,
  size: number,
  caps: Capabilities,
): readonly (Cut & { readonly parts: number })[] {
  const smallest = tiles.at(-1);
  if (!smallest) return [];
  const parts = (t: Cut): readonly [number, number] => partsFor(t, extents, size);
  // Not the tiles that are mostly empty where others are not.
  const fullest = Math.max(...tiles.map((t) => filled(t, extents)));
  const useful = tiles.filter((t) => t === smallest || 2 * filled(t, extents) >= fullest);
  const full = useful.filter((t) => 1.5 * filled(t, extents) >= fullest);
  const busy = full.find((t) => countTiles(t, extents) * parts(t)[0] >= ENOUGH);
  // A software adapter, which would rather have another variant, compiles small ones in a fraction of the time.
  const order = caps.software ? useful.reverse() : [busy ?? full.at(-1)!, ...useful];
  const first = order[0]!;
  const settings = [...new Set(order)].map((t) => ({ ...t, parts: parts(t)[0] }));
  const [usual, most] = parts(first);
  const others = [...new Set([1, 2 * usual, 4 * usual].map((wanted) => Math.min(wanted, most)))];
  return [...settings, ...others.filter((p) => p !== usual).map((p) => ({ ...first, parts: p }))];
}

/** How the steps of a sum are cut: `parts` ranges of `perPart`. */
interface Parts {
  readonly parts: number;
  readonly perPart: number;
}

/** Launches that compute `work`, or with several parts [parts, size] sums without an epilogue. */
export function dispatchTiled(
  work: TiledWork,
  text: TileText,
  t: TileShape,
  caps: Capabilities,
  { parts, perPart }: Parts,
  bind: Readonly<Record<"a" | "b" | "y", Operand>>,
): Dispatch[] {
  const { size, columns, launches, factors, epilogue = bareSum() } = work;
  const ends = parts === 1 ? epilogue : bareSum();
  const kernel = work.kernel(text, ends);
  const tileColumns = Math.ceil(columns / t.columns);
  return launches.map(({ rows, steps, args }) => {
    const count = countTiles(t, { rows, columns, steps });
    return dispatch(kernel, caps, {
      groups: count * parts,
      bind: { [factors[0]]: bind.a, [factors[1]]: bind.b, ...ends.bind, y: bind.y },
      args: {
        ...args,
        ...{ rows, columns, steps, perPart, parts, size, tiles: count, tileColumns },
        activation: ends.activation,
      },
    });
  });
}

/** Lowers by the tiles of `cut`; b, where it is packed, is rounded to float16 beforehand. */
function lowerTiles(work: TiledWork, text: TileText, cut: VariantSettings, caps: Capabilities): Lowered {
  const { parts: wanted, ...t } = cut as Cut & { readonly parts: number };
  const { parts, linesPerPart } = splitEvenly(Math.max(1, Math.ceil(extentsOf(work).steps / t.steps)), wanted);
  const b: Operand = text.b === "f16" ? { prepared: 0 } : { input: 1 };
  const perPart = linesPerPart * t.steps;
  return lowerSplit(
    caps,
    parts,
    work.size,
    (y) => dispatchTiled(work, text, t, caps, { parts, perPart }, { a: { input: 0 }, b, y }),
    work.epilogue && { epilogue: work.epilogue, columns: work.columns },
  );
}

/** A way to cut products into tiles. */
export interface Tiling {
  readonly name: string;
  readonly precision?: "half";
  suits(caps: Capabilities): boolean;
  /** Those that the device can run, as settings, from the largest to the smallest. */
  tiles(caps: Capabilities): readonly Cut[];
  text(cut: VariantSettings, caps: Capabilities, b: Element): TileText;
}

/** Settings for several products of one size: tiles, the first as the device would rather have it, without parts. */
export function settingsOfProducts(
  tiling: Tiling,
  extents: Required<TiledExtents>,
  caps: Capabilities,
): readonly Cut[] {
  const size = extents.rows * extents.columns * extents.products;
  const cuts = settingsFor(tiling.tiles(caps), extents, size, caps).map(({ parts: _, ...cut }) => cut as Cut);
  const texts = cuts.map((cut) => JSON.stringify(cut));
  return cuts.filter((_, i) => texts.indexOf(texts[i]!) === i);
}

/** The variant of an op that is a product; `workOf` returns undefined for a problem that is none. */
export function tiledVariant<P>(tiling: Tiling, workOf: (problem: Problem<P>) => TiledWork | undefined): Variant<P> {
  const settings = (problem: Problem<P>, caps: Capabilities): readonly VariantSettings[] => {
    const tiles = tiling.tiles(caps);
    const work = tiles.length > 0 ? workOf(problem) : undefined;
    return work ? settingsFor(tiles, extentsOf(work), work.size, caps) : [];
  };
  return {
    name: tiling.name,
    ...(tiling.precision && { precision: tiling.precision }),
    fits: (problem, caps) => settings(problem, caps).length > 0,
    suits: (_, caps) => tiling.suits(caps),
    settings,
    lower(problem, caps, chosen = settings(problem, caps)[0]!) {
      const work = workOf(problem)!;
      if (!tiling.precision || !problem.constant?.includes(1)) {
        return lowerTiles(work, tiling.text(chosen, caps, "f32"), chosen, caps);
      }
      const size = sizeOf(problem.inputs[1]!);
      const packing = dispatchPackHalf(caps, size, { input: 1 }, { prepared: 0 });
      return {
        ...lowerTiles(work, tiling.text(chosen, caps, "f16"), chosen, caps),
        prepared: [{ spec: u32(Math.ceil(size / 2)), dispatches: [packing] }],
      };
    },
  };
}
