/**
 * Products with a matrix that is too large for one binding, by slabs of its rows, which are contiguous.
 *
 *   matmul             y = sum over slabs of (columns of a) @ slab; each adds to what the one before left
 *   matmulTransposeA   rows of y = transpose(columns of a) @ b
 *   matmulTransposeB   columns of y = a @ transpose(slab), joined at the end
 *
 * Columns of `a` are read where they lie: the binding begins at the first of them, and lines are as far apart as before.
 */
import type { Cut, Piece, Problem } from "../op.js";
import { concat } from "../ops/concat/op.js";
import type { MatmulParams } from "../ops/matmul/op.js";
import { f32, type Spec } from "../spec.js";
import type { EpilogueParams, Extra } from "../wgsl/epilogue.js";
import { ofRows, rowParts } from "./parts.js";

type Extents = readonly [number, number];

/** From column `from` on to the end of a matrix. */
const columnsFrom = ([rows, columns]: Extents, from: number) => ({ from, count: rows * columns - from });

export function cutMatmul({ inputs, params }: Problem<MatmulParams>, limit: number): Cut | undefined {
  const [a, b, bias] = inputs as [Spec, Spec, Spec?];
  const [m] = a.shape as Extents;
  const [k, n] = b.shape as Extents;
  const slabs = rowParts(k, n, limit);
  const pieces = slabs.map((slab, i): Piece => {
    const isLast = i === slabs.length - 1;
    const extras: Extra[] = [];
    if (isLast && bias) extras.push("bias");
    if (i > 0) extras.push("residual");
    const own: EpilogueParams = { activation: isLast ? params.activation : "none", extras };
    return {
      problem: {
        inputs: [a, f32(slab.count, n), ...extras.map((extra) => (extra === "bias" ? bias! : f32(m, n)))],
        outputs: [f32(m, n)],
        params: own,
      },
      inputs: [
        { input: 0, part: columnsFrom(a.shape as Extents, slab.from) },
        { input: 1, part: ofRows(slab, n) },
        ...extras.map((extra) => (extra === "bias" ? { input: 2 } : { scratch: i - 1 })),
      ],
      outputs: [isLast ? { output: 0 } : { scratch: i }],
    };
  });
  return { scratch: slabs.slice(1).map(() => f32(m, n)), pieces };
}

export function cutTransposeA<P>({ inputs, outputs, params }: Problem<P>, limit: number): Cut | undefined {
  const [a, b] = inputs as [Spec, Spec];
  const [m, n] = outputs[0]!.shape as Extents;
  return {
    pieces: rowParts(m, n, limit).map((slab) => ({
      problem: { inputs: [a, b], outputs: [f32(slab.count, n)], params },
      inputs: [{ input: 0, part: columnsFrom(a.shape as Extents, slab.from) }, { input: 1 }],
      outputs: [{ output: 0, part: ofRows(slab, n) }],
    })),
  };
}

export function cutTransposeB<P>({ inputs, outputs, params }: Problem<P>, limit: number): Cut | undefined {
  const [a, b] = inputs as [Spec, Spec];
  const [m] = a.shape as Extents;
  const [rows, k] = b.shape as Extents;
  const slabs = rowParts(rows, k, limit);
  const scratch = slabs.map(({ count }) => f32(m, count));
  const products = slabs.map((slab, i) => ({
    problem: { inputs: [a, f32(slab.count, k)], outputs: [scratch[i]!], params },
    inputs: [{ input: 0 }, { input: 1, part: ofRows(slab, k) }],
    outputs: [{ scratch: i }],
  }));
  const join: Piece = {
    op: concat,
    problem: { inputs: scratch, outputs, params: {} },
    inputs: slabs.map((_, i) => ({ scratch: i })),
    outputs: [{ output: 0 }],
  };
  return { scratch, pieces: [...products, join] };
}
