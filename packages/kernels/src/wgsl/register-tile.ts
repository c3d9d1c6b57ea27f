/**
 * Register tile of a matrix product: one subgroup holds a rows x columns block of sums in registers.
 *
 *   c[i, j] += a[i, k] * b[k, j]   for every k of a reduction
 *
 * Method   Lane l keeps columns l, L + l, 2L + l, ... of the block. It loads rows l, L + l, ... of a, which subgroupBroadcast
 *          spreads to all lanes: that builtin wants a constant lane, so the block is straight-line text made here.
 *          Loads are scalar, the reduction is unrolled and its products form one expression: each sum changes once a trip.
 * Names    WGSL around this text has `lane`, and `row` and `column` where the block starts (`locateTile`). Sums are
 *          c<row>_<part>; part j of the columns is column + j * L + lane, part p of the rows is row + p * L + lane.
 */

export interface Tile {
  /** Subgroup size; the workgroup is one subgroup. */
  readonly lanes: number;
  readonly rows: number;
  readonly columns: number;
  /** Steps of the reduction per trip. */
  readonly unroll: number;
}

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/** One line for each part of the rows. */
export const perRowPart = ({ rows, lanes }: Tile, line: (part: number, row: string) => string): string =>
  times(rows / lanes, (p) => `  ${line(p, `row + ${p * lanes}u + lane`)}\n`);

/** One line for each part of the columns. */
export const perColumnPart = ({ columns, lanes }: Tile, line: (part: number, column: string) => string): string =>
  times(columns / lanes, (j) => `  ${line(j, `column + ${j * lanes}u + lane`)}\n`);

/** The number of a workgroup in its grid. */
export const TILE = "group.y * groups.x + group.x";

/** `row` and `column` of block `index`, in a grid of `args.tileColumns` blocks a row; and its sums, zero. */
export const locateTile = (tile: Tile, index: string = TILE): string => `
  let tile = ${index};
  let row = tile / args.tileColumns * ${tile.rows}u;
  let column = tile % args.tileColumns * ${tile.columns}u;
${times(tile.rows, (i) => `  ${times(tile.columns / tile.lanes, (j) => `var c${i}_${j} = 0.0; `)}\n`)}`;

/**
 * The loop over `extent` steps. `a(part, k)` and `b(part, k)` are the expressions that load step k;
 * a step beyond the extent reads an earlier one again and counts as zero.
 */
export function sumProducts(
  tile: Tile,
  extent: string,
  a: (part: number, k: string) => string,
  b: (part: number, k: string) => string,
): string {
  const load = (q: number): string => {
    const guard = (value: string): string => (q === 0 ? value : `select(0.0, ${value}, in${q})`);
    const next = `  let in${q} = k0 + ${q}u < ${extent}; let k${q} = select(k0, k0 + ${q}u, in${q});\n`;
    return [
      q === 0 ? "" : next,
      perRowPart(tile, (p) => `let a${q}_${p} = ${guard(a(p, `k${q}`))};`),
      perColumnPart(tile, (j) => `let b${q}_${j} = ${guard(b(j, `k${q}`))};`),
    ].join("");
  };
  return `  for (var k0 = 0u; k0 < ${extent}; k0 += ${tile.unroll}u) {\n${times(tile.unroll, load)}${addProducts(tile)}  }\n`;
}

function addProducts({ lanes, rows, columns, unroll }: Tile): string {
  const spread = (q: number, i: number): string =>
    `let s${q}_${i} = subgroupBroadcast(a${q}_${Math.floor(i / lanes)}, ${i % lanes}u); `;
  const add = (i: number, j: number): string => {
    let sum = `c${i}_${j}`;
    for (let q = 0; q < unroll; q++) sum = `fma(s${q}_${i}, b${q}_${j}, ${sum})`;
    return `c${i}_${j} = ${sum}; `;
  };
  return times(rows, (i) => `  ${times(unroll, (q) => spread(q, i))}${times(columns / lanes, (j) => add(i, j))}\n`);
}

const ROWS_PER_STORE = 8;

/**
 * Writes `y[i * columns + j] = epilogue(c[i, j] * scale_of(j) + bias_of(j), ...)` for the part of the block inside rows x columns;
 * with `place`, row i of the block is row `place(i)` of y.
 * A loop stores eight rows and moves the others up: all stores in a line take four times as long to compile.
 */
export function storeSums(
  tile: Tile,
  rows: string,
  columns: string,
  place: (row: string) => string = (row) => `(${row})`,
): string {
  const parts = tile.columns / tile.lanes;
  const store = (i: number): string => `
    if (r + ${i}u < end) {
      let at${i} = ${place(`r + ${i}u`)} * ${columns} + column + lane;
      ${times(parts, (j) => `if (on${j}) { y[at${i} + ${j * tile.lanes}u] = epilogue(c${i}_${j} * scale${j} + bias${j}, at${i} + ${j * tile.lanes}u); } `)}
    }`;
  const moveUp = (i: number): string => times(parts, (j) => `c${i}_${j} = c${i + ROWS_PER_STORE}_${j}; `);
  return `
${perColumnPart(tile, (j, column) => `let on${j} = ${column} < ${columns}; let channel${j} = min(${column}, ${columns} - 1u); let scale${j} = scale_of(channel${j}); let bias${j} = bias_of(channel${j});`)}
  let end = min(row + ${tile.rows}u, ${rows});
  for (var r = row; r < end; r += ${ROWS_PER_STORE}u) {${times(ROWS_PER_STORE, store)}
    ${times(tile.rows - ROWS_PER_STORE, moveUp)}
  }
`;
}
