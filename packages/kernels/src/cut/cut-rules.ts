import type { AnyOp, Cut, Problem } from "../op.js";
import { cutMatmul, cutTransposeA, cutTransposeB } from "./matmul.js";
import { cutElements } from "./parts.js";
import { cutFlatten, cutSquaredNorm } from "./ranges.js";

// biome-ignore lint/suspicious/noExplicitAny: rules of ops of every parameter type.
type CutRule = (problem: Problem<any>, limit: number) => Cut | undefined;

/** By name of the op, so that who predicts with large weights does not load what trains them. */
const rules: ReadonlyMap<string, CutRule> = /* @__PURE__ */ new Map<string, CutRule>([
  ["matmul", cutMatmul],
  ["matmulTransposeA", cutTransposeA],
  ["matmulTransposeB", cutTransposeB],
  ["add", cutElements],
  ["multiply", cutElements],
  ["accumulate", cutElements],
  ["adamw", cutElements],
  ["sgd", cutElements],
  ["squaredNorm", cutSquaredNorm],
  ["flatten", cutFlatten],
]);

/**
 * A problem in pieces that bind at most `limit` bytes of what is of the size of a weight; undefined, or without a piece, where
 * there is no way to cut it.
 */
export const cutProblem = (op: AnyOp, problem: Problem<unknown>, limit: number): Cut | undefined =>
  rules.get(op.name)?.(problem, limit);
