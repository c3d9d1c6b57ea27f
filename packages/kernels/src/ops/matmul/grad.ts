/**
 * Gradients of the matrix products: each is a product of the other two forms.
 *
 *   y = a @ b              da = dy @ transpose(b)    db = transpose(a) @ dy
 *   y = transpose(a) @ b   da = b @ transpose(dy)    db = a @ dy
 *   y = a @ transpose(b)   da = dy @ b               db = transpose(dy) @ a
 *
 * Throws   E_GRAPH for a product with bias or activation in its epilogue, and for one that is itself the loss
 */
import { check } from "../../errors.js";
import type { Emit, NoParams, Op, Value, Vjp, VjpArgs } from "../../op.js";
import { type MatmulParams, matmul, matmulTransposeA, matmulTransposeB } from "./op.js";

function gradientOf<P>({ inputs, outputs, outputGrad }: VjpArgs<P>): [a: Value, b: Value, dy: Value] {
  const { path } = outputs[0]!;
  check(
    inputs.length === 2,
    "E_GRAPH",
    () => `matmul "${path}": expected inputs a and b, found a bias too; differentiate before fusing epilogues`,
  );
  check(
    outputGrad !== undefined,
    "E_GRAPH",
    () => `matmul "${path}": expected a loss op after it, found that it is the loss itself`,
  );
  return [inputs[0]!, inputs[1]!, outputGrad];
}

const product = <P>(emit: Emit, op: Op<P>, a: Value, b: Value, params: P): Value => emit.apply(op, [a, b], params)[0]!;

export const matmulVjp: Vjp<MatmulParams> = (args, emit) => {
  const [a, b, dy] = gradientOf(args);
  check(
    args.params.activation === "none",
    "E_GRAPH",
    () =>
      `matmul "${args.outputs[0]!.path}": expected activation none, found ${args.params.activation}; differentiate before fusing epilogues`,
  );
  return [
    args.needs(0) ? product(emit, matmulTransposeB, dy, b, {}) : undefined,
    args.needs(1) ? product(emit, matmulTransposeA, a, dy, {}) : undefined,
  ];
};

export const matmulTransposeAVjp: Vjp<NoParams> = (args, emit) => {
  const [a, b, dy] = gradientOf(args);
  return [
    args.needs(0) ? product(emit, matmulTransposeB, b, dy, {}) : undefined,
    args.needs(1) ? product(emit, matmul, a, dy, { activation: "none" }) : undefined,
  ];
};

export const matmulTransposeBVjp: Vjp<NoParams> = (args, emit) => {
  const [a, b, dy] = gradientOf(args);
  return [
    args.needs(0) ? product(emit, matmul, dy, b, { activation: "none" }) : undefined,
    args.needs(1) ? product(emit, matmulTransposeA, dy, a, {}) : undefined,
  ];
};
