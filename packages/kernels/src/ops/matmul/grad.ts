/**
 * Gradients of the matrix products: each is a product of the other two forms.
 *
 *   y = a @ b              da = dy @ transpose(b)    db = transpose(a) @ dy
 *   y = transpose(a) @ b   da = b @ transpose(dy)    db = a @ dy
 *   y = a @ transpose(b)   da = dy @ b               db = transpose(dy) @ a
 *
 * Throws   E_GRAPH for a product with bias or activation in its epilogue, and for one that is itself the loss
 */
import { bareProduct } from "../../grad/bare-product.js";
import type { Emit, NoParams, Op, Value, Vjp } from "../../op.js";
import { type MatmulParams, matmul, matmulTransposeA, matmulTransposeB } from "./op.js";

const product = <P>(emit: Emit, op: Op<P>, a: Value, b: Value, params: P): Value => emit.apply(op, [a, b], params)[0]!;

export const matmulVjp: Vjp<MatmulParams> = (args, emit) => {
  const [a, b, dy] = bareProduct("matmul", args);
  return [
    args.needs(0) ? product(emit, matmulTransposeB, dy, b, {}) : undefined,
    args.needs(1) ? product(emit, matmulTransposeA, a, dy, {}) : undefined,
  ];
};

export const matmulTransposeAVjp: Vjp<NoParams> = (args, emit) => {
  const [a, b, dy] = bareProduct("matmul", args);
  return [
    args.needs(0) ? product(emit, matmulTransposeB, b, dy, {}) : undefined,
    args.needs(1) ? product(emit, matmul, a, dy, { activation: "none" }) : undefined,
  ];
};

export const matmulTransposeBVjp: Vjp<NoParams> = (args, emit) => {
  const [a, b, dy] = bareProduct("matmul", args);
  return [
    args.needs(0) ? product(emit, matmul, dy, b, { activation: "none" }) : undefined,
    args.needs(1) ? product(emit, matmulTransposeA, dy, a, {}) : undefined,
  ];
};
