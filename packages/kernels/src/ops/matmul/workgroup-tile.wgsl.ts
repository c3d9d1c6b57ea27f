/**
 * Matrix product by tiles in workgroup memory.
 *
 *   y[i, j] = epilogue(sum over k of a[i * aRow + k * aStep] * b[k * bStep + j * bColumn])
 *
 * A transposed operand stays as it is in memory: the text of the kernel depends on which index is contiguous, so that
 * four neighbours are one load where their number is a multiple of four.
 */
import { type TiledWork, tileArgs } from "../../variants/tiled-work.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { defineKernel } from "../../wgsl/source.js";
import { factorType, stridedFactor } from "../../wgsl/tile-factors.js";
import type { TileFactor } from "../../wgsl/tile-side.js";
import type { Product } from "./product.js";

type Shape = Pick<TileFactor, "along" | "vector">;

/** How an operand lies in memory: from line to line and from step to step, one of which is 1. */
const shapeOf = (lines: number, line: number, steps: number, step: number): Shape =>
  step === 1
    ? { along: "steps", vector: steps % 4 === 0 && line % 4 === 0 }
    : { along: "lines", vector: lines % 4 === 0 && step % 4 === 0 };

const factor = (name: string, shape: Shape): TileFactor => {
  const pitch = `args.${name}Pitch`;
  return stridedFactor(
    name,
    shape.along === "steps" ? { line: pitch, step: "1u" } : { line: "1u", step: pitch },
    shape,
  );
};

/** The product as work of workgroup tiles. */
export function tiledProduct(product: Product, epilogue?: Epilogue): TiledWork {
  const { m, k, n, aRow, aStep, bStep, bColumn } = product;
  const a = shapeOf(m, aRow, k, aStep);
  const b = shapeOf(n, bColumn, k, bStep);
  const vector = b.along === "lines" && b.vector;
  return {
    size: m * n,
    columns: n,
    epilogue,
    factors: ["a", "b"],
    kernel: (text, { bindings, functions }) =>
      defineKernel({
        name: `matmul/${text.variant}`,
        enable: text.enable,
        bindings: {
          ...{ a: factorType(a.vector), b: factorType(b.vector, text.b) },
          ...bindings,
          y: text.result(vector),
        },
        args: { ...tileArgs, aPitch: "u32", bPitch: "u32" },
        workgroup: [text.threads, 1, 1],
        functions,
        body: () => text.body({ a: factor("a", a), b: factor("b", b), vector }),
      }),
    launches: [
      {
        rows: m,
        steps: k,
        args: {
          aPitch: a.along === "steps" ? aRow : aStep,
          bPitch: b.along === "steps" ? bColumn : bStep,
        },
      },
    ],
  };
}
