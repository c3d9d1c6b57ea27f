/**
 * Tile of a matrix product whose sums are held by the subgroups of a workgroup as matrices of theirs, M x N each, that they
 * multiply together: tensor cores, where a GPU has them.
 *
 * Method   Blocks of both factors lie in workgroup memory, with zeros beyond the last step, so any extents do. In the end each
 *          subgroup puts a matrix into workgroup memory at a time, from where invocations end and write the part inside y.
 *          The size of subgroups may vary: as many as are counted on there are in any case, others only help to load.
 * Names    Sums are c<i>_<j>, i and j counting the matrices of a subgroup. Arguments: rows, columns, and those of `tileLoop`.
 * Source   the extension chromium_experimental_subgroup_matrix, as drafted in gpuweb's proposals/subgroup-matrix.md
 */
import type { MatrixShape } from "../gpu/capabilities.js";
import { MatrixSide, matrixPadding } from "./matrix-side.js";
import { times } from "./source.js";
import { type TileBody, tileLoop } from "./tile-loop.js";
import { bytesOfElement, type TileShape } from "./workgroup-tile.js";

export interface MatrixTile extends TileShape {
  readonly matrix: MatrixShape;
  /** Subgroups that take rows apart, and columns. */
  readonly down: number;
  readonly across: number;
  /** Invocations of the largest subgroup. */
  readonly lanes: number;
}

/** Invocations of a workgroup. */
export const matrixThreads = ({ down, across, lanes }: MatrixTile): number => down * across * lanes;

/** Bytes of workgroup memory at most: of both factors, padded, and of a matrix for each subgroup. */
export function bytesOfMatrixTile({ rows, columns, steps, matrix, down, across }: MatrixTile): number {
  const { factors, m, n } = matrix;
  const padded = (lines: number): number => lines * steps + matrixPadding(factors) * Math.max(lines, steps);
  return bytesOfElement[factors] * (padded(rows) + padded(columns)) + 4 * down * across * m * n;
}

/** Matrices that a subgroup holds: below each other, and side by side. */
const held = ({ rows, columns, matrix, down, across }: MatrixTile): readonly [number, number] => [
  rows / (down * matrix.m),
  columns / (across * matrix.n),
];

const MOST_HELD = 4096; // sums of a subgroup: 128 registers of an invocation where there are 32

/** Can a tile be cut so: into whole matrices, and blocks into whole loads. */
export function isMatrixTile(tile: MatrixTile): boolean {
  const { rows, columns, steps, matrix } = tile;
  const threads = matrixThreads(tile);
  const [i, j] = held(tile);
  const isWhole = [i, j, steps / matrix.k, ...[rows, columns].map((lines) => (lines * steps) / 4 / threads)].every(
    (v) => v > 0 && Number.isInteger(v),
  );
  const areQuadsLoaded = [rows, columns, steps].every((extent) => threads % (extent / 4) === 0);
  return isWhole && areQuadsLoaded && i * j * matrix.m * matrix.n <= MOST_HELD;
}

/** The shader of such tiles, around the functions that the factors and `place` call; y is bound as numbers. */
export function matrixBody(tile: MatrixTile, { a, b, place = (row) => row }: TileBody): string {
  const { rows, columns, down, across, matrix } = tile;
  const { m, n, k, factors } = matrix;
  const sideOf = (name: "a" | "b", factor: TileBody["a"]): MatrixSide =>
    new MatrixSide(name, tile, matrixThreads(tile), factor, factors);
  const [ofA, ofB] = [sideOf("a", a), sideOf("b", b)];
  const subgroups = down * across;
  const [below, beside] = held(tile);
  const sums = (text: (i: number, j: number) => string): string =>
    times(below, (i) => `    ${times(beside, (j) => text(i, j))}\n`);
  const left = (i: number): string =>
    ofA.matrix(`subgroup_matrix_left<${factors}, ${k}, ${m}>`, `ownRow + ${i * m}u`, "step");
  const right = (j: number): string =>
    ofB.matrix(`subgroup_matrix_right<${factors}, ${n}, ${k}>`, `ownColumn + ${j * n}u`, "step");
  return tileLoop(tile, [ofA, ofB], {
    declare: `var<workgroup> staged: array<f32, ${subgroups * m * n}>;

// Ends and writes a staged matrix of every subgroup.
fn write_staged(local: u32, row: u32, column: u32, part: u32) {
  for (var i = local; i < ${subgroups * m * n}u; i += WG_X) {
    let subgroup = i / ${m * n}u;
    let line = row + subgroup / ${across}u * ${rows / down}u + i % ${m * n}u / ${n}u;
    let channel = column + subgroup % ${across}u * ${columns / across}u + i % ${n}u;
    if (line < args.rows && channel < args.columns) {
      let at = part * args.size + ${place("line")} * args.columns + channel;
      y[at] = epilogue(staged[i] * scale_of(channel) + bias_of(channel), at);
    }
  }
}
`,
    builtins: ", @builtin(subgroup_id) subgroup: u32",
    begin: `  let ownRow = subgroup / ${across}u * ${rows / down}u;
  let ownColumn = subgroup % ${across}u * ${columns / across}u;
${sums((i, j) => `var c${i}_${j} = subgroup_matrix_result<f32, ${n}, ${m}>(); `)}`,
    multiply: `    if (subgroup < ${subgroups}u) {
      for (var step = 0u; step < quads * 4u; step += ${k}u) {
${times(below, (i) => `        let a${i} = ${left(i)};\n`)}${times(beside, (j) => `        let b${j} = ${right(j)};\n`)}
${sums((i, j) => `c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j}); `)}
      }
    }`,
    store: sums(
      (i, j) => `
    if (subgroup < ${subgroups}u) { subgroupMatrixStore<row_major>(&staged, subgroup * ${m * n}u, c${i}_${j}, ${n}u); }
    workgroupBarrier();
    write_staged(local, row + ${i * m}u, column + ${j * n}u, part);
    workgroupBarrier();
`,
    ),
  });
}
