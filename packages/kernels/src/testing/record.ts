import type { AnyOp, Op, Problem } from "../op.js";
import type { Spec } from "../spec.js";
import type { Activation, Curve } from "../wgsl/functions.js";
import { curveError } from "./curves.js";

/** Double-precision definition of an op: loops from the formula, sharing no index code with the kernels. */
export type Reference<P> = (inputs: readonly Float64Array[], problem: Problem<P>) => readonly Float64Array[];

export type CaseTag = "edge" | "model" | "bench";

/** One named use of an op that tests and benches run. Extents are pairwise distinct so a swapped axis cannot pass. */
export interface Case<P> {
  readonly name: string;
  readonly tags: readonly CaseTag[];
  readonly inputs: readonly Spec[];
  readonly params: P;
  /** Value `index` of input `input`; `random()` is in [0, 1). Left out: uniform in [-1, 1). */
  readonly fill?: (input: number, index: number, random: () => number) => number;
}

/** Largest allowed |kernel - reference| for every element of every output. */
export type Tolerance<P> = (
  problem: Problem<P>,
  inputs: readonly Float64Array[],
  expected: readonly Float64Array[],
  reference: Reference<P>,
) => readonly Float64Array[];

/** Everything tests and benches know about an op. */
export interface OpRecord<P> {
  readonly op: Op<P>;
  readonly reference: Reference<P>;
  readonly tolerance: Tolerance<P>;
  readonly cases: readonly Case<P>[];
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds records of every parameter type.
export type AnyRecord = OpRecord<any>;

export const recordOf = (records: readonly AnyRecord[], op: AnyOp): AnyRecord | undefined =>
  records.find((r) => r.op === op);

/** Half a unit in the last place of a float32 just above 1: the largest relative error of rounding. */
export const EPSILON: number = 2 ** -24;

/** The kernel must give the reference's value exactly (data movement, comparison, integers). */
export const exact: Tolerance<unknown> = (_problem, _inputs, expected) =>
  expected.map((e) => new Float64Array(e.length));

/**
 * Error of a float32 sum of `terms(problem)` products: 4 sqrt(K) 2^-24 sum|a||b|, per element. The sum of magnitudes is
 * the reference applied to absolute inputs, so the op must be built of sums of products (piecewise is fine).
 * Source: statistical bound of Higham, Accuracy and Stability of Numerical Algorithms, section 2.8.
 */
export const sumOf =
  <P>(terms: (problem: Problem<P>) => number): Tolerance<P> =>
  (problem, inputs, _expected, reference) => {
    const magnitude = reference(
      inputs.map((x) => x.map(Math.abs)),
      problem,
    );
    const factor = 4 * Math.sqrt(terms(problem)) * EPSILON;
    return magnitude.map((m) => m.map((v) => factor * v + 1e-37));
  };

const STEEPEST = 1.5; // of all curves: hardSwish, at 3

/**
 * The tolerance of the value before the activation, of which clipping must not hide the size of the terms. A rectifier adds no error;
 * a curve stretches it and adds its own.
 */
export const beforeActivation =
  <P extends { readonly activation: Activation | Curve }>(tolerance: Tolerance<P>): Tolerance<P> =>
  (problem, inputs, expected, reference) => {
    const before = { ...problem, params: { ...problem.params, activation: "none" as const } };
    const allowed = tolerance(before, inputs, expected, reference);
    if (typeof problem.params.activation === "string") return allowed;
    const ends = reference(inputs, before);
    return allowed.map((a, o) => a.map((v, i) => STEEPEST * v + curveError(ends[o]![i]!, expected[o]![i]!)));
  };

/** `ulps` units in the last place of each expected value, plus `absolute`. For functions WGSL gives with bounded error. */
export const relative =
  (ulps: number, absolute = 0): Tolerance<unknown> =>
  (_problem, _inputs, expected) =>
    expected.map((e) => e.map((v) => 2 * ulps * EPSILON * Math.abs(v) + absolute));
