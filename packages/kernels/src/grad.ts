import type { AnyOp, Vjp } from "./op.js";
import { addVjp } from "./ops/add/grad.js";
import { add } from "./ops/add/op.js";
import { addBiasVjp } from "./ops/add-bias/grad.js";
import { addBias } from "./ops/add-bias/op.js";
import { dropoutVjp } from "./ops/dropout/grad.js";
import { dropout } from "./ops/dropout/op.js";
import { matmulTransposeAVjp, matmulTransposeBVjp, matmulVjp } from "./ops/matmul/grad.js";
import { matmul, matmulTransposeA, matmulTransposeB } from "./ops/matmul/op.js";
import { relu6Vjp, reluVjp } from "./ops/relu/grad.js";
import { relu, relu6 } from "./ops/relu/op.js";
import { softmaxCrossEntropyVjp } from "./ops/softmax-cross-entropy/grad.js";
import { softmaxCrossEntropy } from "./ops/softmax-cross-entropy/op.js";

// biome-ignore lint/suspicious/noExplicitAny: rules of ops of every parameter type.
type AnyVjp = Vjp<any>;
export type GradientRules = ReadonlyMap<AnyOp, AnyVjp>;

/** The gradient rule of every op that has one; `differentiate` is given this map. */
export const gradientRules: GradientRules = new Map<AnyOp, AnyVjp>([
  [matmul, matmulVjp],
  [matmulTransposeA, matmulTransposeAVjp],
  [matmulTransposeB, matmulTransposeBVjp],
  [add, addVjp],
  [addBias, addBiasVjp],
  [relu, reluVjp],
  [relu6, relu6Vjp],
  [dropout, dropoutVjp],
  [softmaxCrossEntropy, softmaxCrossEntropyVjp],
]);
