/**
 * Matrix product by register tiles, one block of y per subgroup.
 *
 *   y[i, j] = activate(sum over k of a[i * aRow + k * aStep] * b[k * bStep + j * bColumn] + bias[j] + residual[i, j])
 *
 * Strides are arguments, so one pipeline serves A@B, A^T@B, A@B^T and the 1x1 convolution.
 */
import type { Problem, Variant } from "../../op.js";
import { tileVariant } from "../../variants/tile-variant.js";
import { epilogueFor } from "../../wgsl/epilogue.js";
import { activationCode } from "../../wgsl/functions.js";
import { locateTile, perColumnPart, perRowPart, storeSums, sumProducts, type Tile } from "../../wgsl/register-tile.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import type { Product } from "./product.js";

const body = (tile: Tile): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${locateTile(tile)}
${perRowPart(tile, (p, row) => `let aAt${p} = min(${row}, args.m - 1u) * args.aRow;`)}
${perColumnPart(tile, (j, column) => `let bAt${j} = min(${column}, args.n - 1u) * args.bColumn;`)}
${sumProducts(
  tile,
  "args.k",
  (p, k) => `a[aAt${p} + ${k} * args.aStep]`,
  (j, k) => `b[bAt${j} + ${k} * args.bStep]`,
)}
${storeSums(tile, "args.m", "args.n")}
}
`;

function kernelFor(tile: Tile, inputs: number): Kernel {
  const { bindings, functions } = epilogueFor(inputs);
  return defineKernel({
    name: "matmul/subgroup-tile",
    enable: ["subgroups"],
    bindings: { a: "read f32", b: "read f32", ...bindings, y: "write f32" },
    args: {
      m: "u32",
      k: "u32",
      n: "u32",
      aRow: "u32",
      aStep: "u32",
      bStep: "u32",
      bColumn: "u32",
      tileColumns: "u32",
      activation: "u32",
    },
    workgroup: [tile.lanes, 1, 1],
    functions,
    body: body(tile),
  });
}

/** The register-tile variant of an op that is one matrix product. */
export const subgroupTile = <P>(name: string, productOf: (problem: Problem<P>) => Product | undefined): Variant<P> =>
  tileVariant(name, kernelFor, (problem) => {
    const product = productOf(problem);
    if (!product) return undefined;
    return {
      rows: product.m,
      columns: product.n,
      bind: { a: { input: 0 }, b: { input: 1 }, bias: { input: 2 }, residual: { input: 3 }, y: { output: 0 } },
      args: { ...product, activation: activationCode[product.activation] },
    };
  });
