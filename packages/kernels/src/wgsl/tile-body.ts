/**
 * Workgroup tile of a matrix product whose sums are held by invocations, each a part of the block.
 *
 * Method   The part of an invocation is interleaved with its neighbours', so that they read and write side by side. Sums are
 *          float32 whatever the blocks are made of.
 * Names    Sums are vectors c<row>_<quad>. Arguments: rows, columns, and those of `tileLoop`.
 */
import { times } from "./source.js";
import { type TileBody, tileLoop } from "./tile-loop.js";
import { TileSide } from "./tile-side.js";
import { across, down, type Element, threadsOf, type WorkgroupTile } from "./workgroup-tile.js";

const part = ["x", "y", "z", "w"] as const;

/** Four steps: the vectors of a, then for each step those of b and its products. */
function multiply(tile: WorkgroupTile, a: TileSide, b: TileSide): string {
  const [rowGroups, quads] = [tile.perRows / 4, tile.perColumns / 4];
  const step = (q: number): string => `quad * 4u + ${q}u`;
  const loadA =
    a.factor.along === "steps"
      ? times(tile.perRows, (i) => `      let a${i} = ${a.read(`down + ${i * down(tile)}u`, "quad")};\n`)
      : times(4, (q) =>
          times(rowGroups, (g) => `      let a${q}_${g} = ${a.read(step(q), `down + ${g * down(tile)}u`)};\n`),
        );
  const ofA = (q: number, i: number): string =>
    a.factor.along === "steps" ? `a${i}.${part[q]}` : `a${q}_${i >> 2}.${part[i % 4]}`;
  const loadB =
    b.factor.along === "steps"
      ? times(tile.perColumns, (j) => `      let t${j} = ${b.read(`across + ${j * across(tile)}u`, "quad")};\n`) +
        times(4, (q) =>
          times(quads, (j) => {
            const columns = [0, 1, 2, 3].map((r) => `t${4 * j + r}.${part[q]}`);
            return `      let b${q}_${j} = vec4f(${columns.join(", ")});\n`;
          }),
        )
      : times(4, (q) =>
          times(quads, (j) => `      let b${q}_${j} = ${b.read(step(q), `across + ${j * across(tile)}u`)};\n`),
        );
  const add = (i: number, j: number): string => {
    let sum = `c${i}_${j}`;
    for (let q = 0; q < 4; q++) sum = `fma(vec4f(${ofA(q, i)}), b${q}_${j}, ${sum})`;
    return `      c${i}_${j} = ${sum};\n`;
  };
  return loadA + loadB + times(tile.perRows, (i) => times(quads, (j) => add(i, j)));
}

/**
 * Writes `y[place(row) * columns + column] = epilogue(c * scale_of(column) + bias_of(column), ...)` for the part of the block
 * inside rows x columns, `vector` by vector where y is one of vectors.
 * A loop stores one row and moves the others up: all stores in a line take several times as long to compile.
 */
function storeSums(
  tile: WorkgroupTile,
  a: TileSide,
  b: TileSide,
  place: (row: string) => string,
  vector: boolean,
): string {
  const quads = tile.perColumns / 4;
  const isQuads = b.factor.along === "lines";
  // The columns of quad j lie side by side, or a thread apart.
  const column = (j: number, r: number): string =>
    isQuads
      ? `column + (across + ${j * across(tile)}u) * 4u + ${r}u`
      : `column + across + ${(4 * j + r) * across(tile)}u`;
  const row =
    a.factor.along === "lines"
      ? `row + (down + i / 4u * ${down(tile)}u) * 4u + i % 4u`
      : `row + down + i * ${down(tile)}u`;
  const four = (text: (r: number) => string): string => [0, 1, 2, 3].map(text).join(", ");
  const channels = times(quads, (j) => {
    const channel = (r: number): string => `min(${column(j, r)}, args.columns - 1u)`;
    return `  let scale${j} = vec4f(${four((r) => `scale_of(${channel(r)})`)});\n  let bias${j} = vec4f(${four((r) => `bias_of(${channel(r)})`)});\n`;
  });
  const store = (j: number): string => {
    const value = `    let v${j} = c0_${j} * scale${j} + bias${j};\n`;
    if (vector) {
      const at = `at + ${column(j, 0)}`;
      const ends = four((r) => `epilogue(v${j}.${part[r]}, ${at} + ${r}u)`);
      return `${value}    if (${column(j, 0)} < args.columns) { y[(${at}) / 4u] = vec4f(${ends}); }\n`;
    }
    return `${value}${times(4, (r) => `    if (${column(j, r)} < args.columns) { y[at + ${column(j, r)}] = epilogue(v${j}.${part[r]}, at + ${column(j, r)}); }\n`)}`;
  };
  const moveUp = times(tile.perRows - 1, (i) => times(quads, (j) => `c${i}_${j} = c${i + 1}_${j}; `));
  // The bound of the loop is an argument: one with a constant bound would be unrolled.
  return `${channels}
  for (var i = 0u; i < min(args.rows - row, ${tile.perRows}u); i++) {
    let line = ${row};
    if (line >= args.rows) { break; }
    let at = part * args.size + ${place("line")} * args.columns;
${times(quads, store)}    ${moveUp}
  }
`;
}

/** The shader of such tiles, around the functions that the factors and `place` call. */
export function tileBody(
  tile: WorkgroupTile,
  element: Element,
  { a, b, place = (row) => row, vector }: TileBody,
): string {
  const sideOf = (name: "a" | "b", factor: TileBody["a"]): TileSide =>
    new TileSide(name, tile, threadsOf(tile), factor, element);
  const sides = [sideOf("a", a), sideOf("b", b)] as const;
  const quads = tile.perColumns / 4;
  return tileLoop(tile, sides, {
    declare: "",
    begin: `  let across = local % ${across(tile)}u;
  let down = local / ${across(tile)}u;
${times(tile.perRows, (i) => `  ${times(quads, (j) => `var c${i}_${j} = vec4f(); `)}\n`)}`,
    multiply: `    for (var quad = 0u; quad < quads; quad++) {
${multiply(tile, ...sides)}
    }`,
    store: storeSums(tile, ...sides, place, vector),
  });
}
