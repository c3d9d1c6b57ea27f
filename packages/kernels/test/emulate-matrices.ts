import type { Lowered, MatrixShape, Variant, VariantSettings } from "@tlx/kernels";

/** Sums that fit into workgroup memory beside the blocks. */
const MOST_SUMS = 2048;
/** Matrices of a subgroup, each of which makes text that is slow to compile. */
const MOST_MATRICES = 4;

interface Tile extends MatrixShape {
  readonly rows: number;
  readonly columns: number;
  readonly down: number;
  readonly across: number;
}

/**
 * Functions over the blocks in workgroup memory that do what the builtins of subgroup matrices do, for adapters without. The
 * sums lie there too, the names of matrices being their places.
 */
const functions = ({ m, n, k, rows, columns }: Tile, lanes: number): string => `
var<workgroup> sums: array<f32, ${rows * columns}>;
var<private> lane: u32;
struct Where { at: u32, pitch: u32, isRowMajor: bool }

fn place(matrix: Where, row: u32, column: u32) -> u32 {
  return matrix.at + select(row + column * matrix.pitch, row * matrix.pitch + column, matrix.isRowMajor);
}

fn multiplied(a: Where, b: Where, to: u32) -> u32 {
  let isOne = args.tiles == 1234567u; // never: a constant bound would be unrolled
  for (var element = lane; element < select(${m * n}u, 1u, isOne); element += ${lanes}u) {
    var sum = 0.0;
    for (var step = 0u; step < select(${k}u, 1u, isOne); step++) {
      sum += f32(aBlock[place(a, element / ${n}u, step)]) * f32(bBlock[place(b, step, element % ${n}u)]);
    }
    sums[to + element] += sum;
  }
  return to;
}

fn stage(at: u32, start: u32, pitch: u32) {
  for (var element = lane; element < ${m * n}u; element += ${lanes}u) {
    staged[at + element / ${n}u * pitch + element % ${n}u] = sums[start + element];
  }
}
`;

function emulated(code: string, tile: Tile, lanes: number): string {
  const { m, n, k, factors } = tile;
  let text = code.replace("enable chromium_experimental_subgroup_matrix;", "");
  let count = 0;
  const begin = `subgroup_matrix_result<f32, ${n}, ${m}>()`;
  const perSubgroup = text.split(begin).length - 1;
  while (text.includes(begin)) text = text.replace(begin, `(subgroup * ${perSubgroup}u + ${count++}u) * ${m * n}u`);
  for (const [type, name] of [
    [`left<${factors}, ${k}, ${m}>`, "aBlock"],
    [`right<${factors}, ${n}, ${k}>`, "bBlock"],
  ])
    for (const order of ["row", "col"])
      text = text.replaceAll(
        new RegExp(`subgroupMatrixLoad<subgroup_matrix_${type}, ${order}_major>\\(&${name}, (.*?)\\);`, "g"),
        `Where($1, ${order === "row"});`,
      );
  return text
    .replaceAll("subgroupMatrixMultiplyAccumulate", "multiplied")
    .replaceAll("subgroupMatrixStore<row_major>(&staged, ", "stage(")
    .replace(/(subgroup: u32)\) \{/, "$1, @builtin(subgroup_invocation_id) own: u32) {\n  lane = own;")
    .replace("@compute", `${functions(tile, lanes)}@compute`);
}

/** Can a variant be emulated with these settings. */
export function canEmulate(settings: VariantSettings): boolean {
  const { rows, columns, down, across, m, n } = settings as unknown as Tile;
  return rows * columns <= MOST_SUMS && rows * columns <= MOST_MATRICES * down * across * m * n;
}

/** The variant on an adapter without subgroup matrices, whose subgroups have `lanes` invocations. */
export const emulateMatrices = (
  variant: Variant<unknown>,
  factors: MatrixShape["factors"],
  lanes: number,
): Variant<unknown> => ({
  ...variant,
  lower(problem, caps, settings): Lowered {
    const lowered = variant.lower(problem, caps, settings);
    const tile = { ...(settings as unknown as Tile), factors };
    return {
      ...lowered,
      dispatches: lowered.dispatches.map((dispatch) => {
        const { kernel } = dispatch;
        if (!kernel.code.includes("subgroupMatrix")) return dispatch;
        return { ...dispatch, kernel: { ...kernel, code: emulated(kernel.code, tile, lanes) } };
      }),
    };
  },
});
