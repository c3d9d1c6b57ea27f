/**
 * Register tile of a matrix product: one subgroup holds a rows x columns block of sums in registers.
 *
 *   c[i, j] += a[i, k] * b[k, j]   for every k of a reduction
 *
 * Method   Each lane keeps neighbouring columns of the block, so that four of them are one load and one store. It loads rows
 *          l, L + l, ... of a, which subgroupBroadcast spreads to all lanes: that builtin wants a constant lane, so the
 *          block is straight-line text made here.
 *          The reduction is unrolled and its products form one expression: each sum changes once a trip.
 * Names    WGSL around this text has `lane`, and `row` and `column` where the block starts (`locateTile`). Sums are
 *          c<row>_<j>; column j of a lane that keeps C is column + lane * C + j, part p of the rows is row + p * L + lane.
 */
import { times } from "./source.js";
import type { Width } from "./width.js";

export interface Tile {
  /** Subgroup size; the workgroup is one subgroup. */
  readonly lanes: number;
  readonly rows: number;
  readonly columns: number;
  /** Steps of the reduction per trip. */
  readonly unroll: number;
}

/** A tile that is written to a result. */
export interface ResultTile extends Tile {
  /** Neighbouring columns that are one store: four need a result with a multiple of four columns. */
  readonly width: Width;
}

/** One line for each part of the rows. */
export const perRowPart = ({ rows, lanes }: Tile, line: (part: number, row: string) => string): string =>
  times(rows / lanes, (p) => `  ${line(p, `row + ${p * lanes}u + lane`)}\n`);

/** One line for every column of a lane, or for every `width` of them, whose first is `column`. */
export function perColumn(
  { columns, lanes }: Tile,
  line: (index: number, column: string) => string,
  width: Width = 1,
): string {
  const kept = columns / lanes;
  return times(kept / width, (j) => `  ${line(j, `column + lane * ${kept}u + ${j * width}u`)}\n`);
}

/** The number of a workgroup in its grid. */
export const TILE = "group.y * groups.x + group.x";

/** `row` and `column` of block `index`, in a grid of `args.tileColumns` blocks a row; and its sums, zero. */
export const locateTile = (tile: Tile, index: string = TILE): string => `
  let tile = ${index};
  let row = tile / args.tileColumns * ${tile.rows}u;
  let column = tile % args.tileColumns * ${tile.columns}u;
${times(tile.rows, (i) => `  ${times(tile.columns / tile.lanes, (j) => `var c${i}_${j} = 0.0; `)}\n`)}`;

/** Of which factors a load reads steps k and k + 1, as a vector of two. It needs an even `extent` and an even unroll. */
export interface Paired {
  readonly a: boolean;
  readonly b: boolean;
}

/** Can steps be read by two where each of these is a number of them that a read begins at or ends with. */
export const canPair = ({ unroll }: Tile, ...counts: readonly number[]): boolean =>
  [unroll, ...counts].every((count) => count % 2 === 0);

/**
 * The loop over `extent` steps. `a(part, k)` and `b(j, k)` are the expressions that load step k: of b, column j of the lane or,
 * with a width of four, the vector of columns 4j to 4j + 3; of a factor that is paired, the vector of steps k and k + 1.
 * A step beyond the extent reads an earlier one again and counts as zero.
 */
export function sumProducts(
  tile: Tile,
  extent: string,
  a: (part: number, k: string) => string,
  b: (j: number, k: string) => string,
  width: Width = 1,
  paired: Paired = { a: false, b: false },
): string {
  const ahead = paired.a || paired.b ? 2 : 1; // steps that are inside whenever the first of them is
  const load = (q: number): string => {
    const first = q - (q % ahead);
    const guard = (value: string, zero: string): string =>
      first === 0 ? value : `select(${zero}, ${value}, in${first})`;
    const next =
      q === first
        ? `  let in${q} = k0 + ${q}u < ${extent}; let k${q} = select(k0, k0 + ${q}u, in${q});\n`
        : `  let k${q} = k${first} + 1u;\n`;
    const read = (factor: "a" | "b", i: number, value: string, zero: string): string => {
      const pair = `${factor}Pair${first}_${i}`;
      const name = `let ${factor}${q}_${i}`;
      if (!paired[factor]) return `${name} = ${guard(value, zero)};`;
      return q === first ? `let ${pair} = ${guard(value, "vec2f()")}; ${name} = ${pair}.x;` : `${name} = ${pair}.y;`;
    };
    return [
      q === 0 ? "" : next,
      perRowPart(tile, (p) => read("a", p, a(p, `k${q}`), "0.0")),
      perColumn(tile, (j) => read("b", j, b(j, `k${q}`), width === 4 ? "vec4f()" : "0.0"), width),
    ].join("");
  };
  return `  for (var k0 = 0u; k0 < ${extent}; k0 += ${tile.unroll}u) {\n${times(tile.unroll, load)}${addProducts(tile, width)}  }\n`;
}

function addProducts({ lanes, rows, columns, unroll }: Tile, width: Width): string {
  const spread = (q: number, i: number): string =>
    `let s${q}_${i} = subgroupBroadcast(a${q}_${Math.floor(i / lanes)}, ${i % lanes}u); `;
  const ofB = (q: number, j: number): string => (width === 1 ? `b${q}_${j}` : `b${q}_${j >> 2}[${j % 4}]`);
  const add = (i: number, j: number): string => {
    let sum = `c${i}_${j}`;
    for (let q = 0; q < unroll; q++) sum = `fma(s${q}_${i}, ${ofB(q, j)}, ${sum})`;
    return `c${i}_${j} = ${sum}; `;
  };
  return times(rows, (i) => `  ${times(unroll, (q) => spread(q, i))}${times(columns / lanes, (j) => add(i, j))}\n`);
}

const STORES_IN_LINE = 8;
const READS_IN_LINE = 16;

/**
 * Writes `y[i * columns + j] = epilogue(c[i, j] * scale_of(j) + bias_of(j), ...)` for the part of the block inside rows x columns;
 * with `place`, row i of the block is row `place(i)` of y. Rows beyond the last are copies of it, so they are written there.
 * Where the stores are many, or what the epilogue reads, a loop writes some rows and moves the others up: all of them in a line
 * take long to compile.
 */
export function storeSums(
  tile: ResultTile,
  rows: string,
  columns: string,
  readsElements: boolean,
  place: (row: string) => string = (row) => `(${row})`,
): string {
  const { width } = tile;
  const kept = tile.columns / tile.lanes;
  const inLine = readsElements ? READS_IN_LINE : STORES_IN_LINE * width;
  let rowsPerStore = Math.min(tile.rows, Math.max(1, Math.floor(inLine / kept)));
  while (tile.rows % rowsPerStore !== 0) rowsPerStore--;
  const scaled = (i: number, j: number): string => `c${i}_${j} * scale${j} + bias${j}`;
  const store = (i: number, g: number): string =>
    width === 1
      ? `y[at${i}] = epilogue(${scaled(i, g)}, at${i});`
      : `y[at${i} / 4u] = epilogue(vec4f(${[0, 1, 2, 3].map((p) => scaled(i, 4 * g + p)).join(", ")}), at${i});`;
  const stores = perColumn(
    tile,
    (g, column) => `if (${column} < ${columns}) {
${times(rowsPerStore, (i) => `      let at${i} = ${place(`min(r + ${i}u, ${rows} - 1u)`)} * ${columns} + ${column}; ${store(i, g)}\n`)}    }`,
    width,
  );
  const moveUp = (i: number): string => times(kept, (j) => `c${i}_${j} = c${i + rowsPerStore}_${j}; `);
  const loop = `
  for (var r = row; r < min(row + ${tile.rows}u, ${rows}); r += ${rowsPerStore}u) {
${stores}    ${times(tile.rows - rowsPerStore, moveUp)}
  }
`;
  return `
${perColumn(tile, (j, column) => `let channel${j} = min(${column}, ${columns} - 1u); let scale${j} = scale_of(channel${j}); let bias${j} = bias_of(channel${j});`)}
${rowsPerStore < tile.rows ? loop : `  let r = row;\n${stores}`}`;
}
