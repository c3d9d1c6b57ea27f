/**
 * Matrix products.
 *
 *   matmul             y = activate(a @ b + bias)
 *   matmulTransposeA   y = transpose(a) @ b
 *   matmulTransposeB   y = a @ transpose(b)
 *
 * Shapes   matmul            a [M, K], b [K, N], bias [N] or left out -> y [M, N], all f32
 *          matmulTransposeA  a [K, M], b [K, N] -> y [M, N]
 *          matmulTransposeB  a [M, K], b [N, K] -> y [M, N]
 * Throws   E_SHAPE when ranks, dtypes or extents do not fit together
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op, type Problem } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import type { TiledWork } from "../../variants/tiled-work.js";
import { workgroupTileHalfVariant, workgroupTileVariant } from "../../variants/workgroup-tile-variant.js";
import { type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import type { Activation, Curve } from "../../wgsl/functions.js";
import { plain } from "./plain.wgsl.js";
import type { Product } from "./product.js";
import { subgroupTile } from "./subgroup-tile.wgsl.js";
import { tiledProduct } from "./workgroup-tile.wgsl.js";

export interface MatmulParams {
  readonly activation: Activation | Curve;
}

/** How a product lays its factors out. */
export interface Form {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  readonly maxInputs: number;
}

export const productForms: Readonly<Record<"matmul" | "matmulTransposeA" | "matmulTransposeB", Form>> = {
  matmul: { name: "matmul", a: "MK", b: "KN", maxInputs: 3 },
  matmulTransposeA: { name: "matmulTransposeA", a: "KM", b: "KN", maxInputs: 2 },
  matmulTransposeB: { name: "matmulTransposeB", a: "MK", b: "NK", maxInputs: 2 },
};

function inferProduct(form: Form, inputs: readonly Spec[]): readonly [Spec] {
  const { name, maxInputs } = form;
  check(
    inputs.length >= 2 && inputs.length <= maxInputs,
    "E_SHAPE",
    () => `${name}: expects a, b${maxInputs === 3 ? " and perhaps a bias" : ""}, found ${inputs.length} inputs`,
  );
  const [a, b, bias] = inputs as [Spec, Spec, Spec?];
  for (const [letter, spec] of Object.entries({ a, b })) {
    check(
      spec.dtype === "f32" && spec.shape.length === 2,
      "E_SHAPE",
      () => `${name}: ${letter} must be an f32 matrix, found ${formatSpec(spec)}`,
    );
  }
  const extent = (letter: string): [number, number] => [
    a.shape[form.a.indexOf(letter)]!,
    b.shape[form.b.indexOf(letter)]!,
  ];
  const [inA, inB] = extent("K");
  check(
    inA === inB,
    "E_SHAPE",
    () =>
      `${name}: a has K = ${inA} (K of [${[...form.a].join(", ")}] = ${formatSpec(a)}) but b has ${inB} (K of [${[...form.b].join(", ")}] = ${formatSpec(b)})`,
  );
  const m = extent("M")[0];
  const n = extent("N")[1];
  check(
    bias === undefined || sameSpec(bias, f32(n)),
    "E_SHAPE",
    () => `${name}: the bias must be ${formatSpec(f32(n))} (N of b), found ${formatSpec(bias!)}`,
  );
  return [f32(m, n)];
}

/** The product a form computes: a transposed operand is one read with swapped strides. */
const productOf =
  (form: Form) =>
  <P>({ inputs, outputs }: Problem<P>): Product => {
    const [m, n] = outputs[0]!.shape as [number, number];
    const [a, b] = inputs as [Spec, Spec];
    const k = b.shape[form.b.indexOf("K")]!; // a piece reads some columns of a
    const stride = (layout: string, letter: string, { shape }: Spec): number =>
      layout.indexOf(letter) === 1 ? 1 : shape[1]!;
    return {
      m,
      k,
      n,
      aRow: stride(form.a, "M", a),
      aStep: stride(form.a, "K", a),
      bStep: stride(form.b, "K", b),
      bColumn: stride(form.b, "N", b),
    };
  };

/** The work of tiles in workgroup memory. */
export const tiledWorkOf =
  (form: Form) =>
  <P extends EpilogueParams>(problem: Problem<P>): TiledWork =>
    tiledProduct(productOf(form)(problem), epilogueOf(problem));

function productOp<P extends EpilogueParams>(form: Form): Op<P> {
  const product = productOf(form);
  const tiled = tiledWorkOf(form);
  return defineOp<P>({
    name: form.name,
    infer: (inputs) => inferProduct(form, inputs),
    variants: [
      workgroupTileHalfVariant(tiled),
      workgroupTileVariant(tiled),
      subgroupTile("subgroup-tile", product),
      plain(product),
    ],
  });
}

export const matmul: Op<MatmulParams> = /* @__PURE__ */ productOp<MatmulParams>(productForms.matmul);
export const matmulTransposeA: Op<NoParams> = /* @__PURE__ */ productOp<NoParams>(productForms.matmulTransposeA);
export const matmulTransposeB: Op<NoParams> = /* @__PURE__ */ productOp<NoParams>(productForms.matmulTransposeB);
