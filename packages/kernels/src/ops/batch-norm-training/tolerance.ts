/**
 * Error bounds in units of u = 2^-24. Sums are off by 4 sqrt(K) u of their magnitudes, as in `sumOf`, with K the roundings
 * that an element goes through where the rows are cut into parts as below: those of its part, then one per part, or where lanes
 * share the parts those of a lane and of the tree over the lanes. Longer parts, fewer of them, have to keep to it as well.
 */
import type { NoParams } from "../../op.js";
import { type Spec, sizeOf } from "../../spec.js";
import { EPSILON, type Tolerance } from "../../testing/record.js";
import type { BatchNormTrainingParams } from "./op.js";
import { rowsOf } from "./rows.js";

const FEWEST_ROWS = 32; // of a part
const MOST_SUMS = 131072;
const LANES = 32; // of those that might share the parts of a channel
const ROOT = 5; // inverseSqrt: 2 ULP; var + eps and eps itself: half a unit each, through the square root
const DIVISION = 5; // 2.5 ULP

const rowsPerPart = (x: Spec): number => Math.max(FEWEST_ROWS, Math.ceil(sizeOf(x) / MOST_SUMS));
const partsOf = (x: Spec): number => Math.ceil(rowsOf(x).rows / rowsPerPart(x));

const sumError = (x: Spec): number => {
  const inPart = Math.min(rowsOf(x).rows, rowsPerPart(x));
  const parts = partsOf(x);
  return 4 * Math.sqrt(inPart + Math.max(parts, Math.ceil(parts / LANES) + Math.log2(LANES)));
};

/**
 * mean   sum, division by the rows of the part, product with them, division by n
 * var    squares of distances from a value of a part, less what they are in its mean: difference, square and sum,
 *        division. Means of parts that are off by e and at a distance d from the mean of all add 2 d e + e^2 on average; d is
 *        no more than the standard deviation, and the e of P parts have either sign, so that their sum grows with sqrt(P)
 * rstd   what var adds to or takes from, and `ROOT`
 * y      difference, weight * rstd, product and sum, the sum with a residual, and what mean and rstd bring along
 */
export const batchNormTrainingTolerance: Tolerance<BatchNormTrainingParams> = (
  { inputs, params: { eps, momentum } },
  [x, weight, bias, runningMean, runningVar, residual],
  [y, mean, rstd],
) => {
  const channels = weight!.length;
  const n = x!.length / channels;
  const sum = sumError(inputs[0]!);
  const spread = 2 / Math.sqrt(partsOf(inputs[0]!));
  const largest = new Float64Array(channels);
  x!.forEach((v, i) => {
    largest[i % channels] = Math.max(largest[i % channels]!, Math.abs(v));
  });
  const variance = rstd!.map((r) => Math.max(0, 1 / r ** 2 - eps));
  const meanError = largest.map((m) => (sum + 2 * DIVISION + 1) * EPSILON * m);
  const varError = variance.map((v, c) => {
    const e = meanError[c]!;
    return (sum + 3 + DIVISION) * EPSILON * v + spread * Math.sqrt(v) * e + e ** 2;
  });
  const rstdError = rstd!.map((r, c) => {
    const least = Math.max(0, variance[c]! - varError[c]!);
    return 1 / Math.sqrt(least + eps) - r + ROOT * EPSILON * r;
  });
  const yError = y!.map((_, i) => {
    const c = i % channels;
    const w = Math.abs(weight![c]!);
    const d = Math.abs(x![i]! - mean![c]!);
    const scaled = w * (d + meanError[c]!) * (rstd![c]! + rstdError[c]!);
    const added = residual ? scaled + Math.abs(bias![c]!) + Math.abs(residual[i]!) : 0;
    return scaled - w * d * rstd![c]! + EPSILON * (4 * scaled + Math.abs(bias![c]!) + added);
  });
  /** 1 - momentum, momentum, two products and a sum. */
  const follow = (running: Float64Array, batch: Float64Array, error: Float64Array): Float64Array =>
    running.map((r, c) => {
      const magnitude = (1 - momentum) * Math.abs(r) + momentum * (Math.abs(batch[c]!) + Math.abs(r));
      return momentum * error[c]! + 4 * EPSILON * magnitude;
    });
  const unbiased = (v: Float64Array): Float64Array => v.map((value) => (value * n) / (n - 1));
  return [
    yError,
    meanError,
    rstdError,
    follow(runningMean!, mean!, meanError),
    follow(runningVar!, unbiased(variance), unbiased(varError)),
  ];
};

/** Sums of products whose factor x - mean is rounded from the difference, not from its terms. */
export const batchNormParamGradTolerance: Tolerance<NoParams> = (
  problem,
  [x, mean, rstd, dy],
  _expected,
  reference,
) => {
  const distance = x!.map((v, i) => Math.abs(v - mean![i % mean!.length]!));
  const magnitude = reference([distance, mean!.map(() => 0), rstd!, dy!.map(Math.abs)], problem);
  // Difference, product, product with rstd.
  const factor = (sumError(problem.inputs[0]!) + 3) * EPSILON;
  return magnitude.map((m) => m.map((v) => factor * v));
};

/** dweight: product, division, difference, product, two differences, and two products with the scale make 12. */
export const batchNormInputGradTolerance: Tolerance<NoParams> = (_problem, inputs) => {
  const [x, weight, mean, rstd, dy, dweight, dbias] = inputs as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const channels = weight.length;
  const n = x.length / channels;
  return [
    dy.map((g, i) => {
      const c = i % channels;
      const moved = Math.abs(dbias[c]!) / n + (Math.abs(x[i]! - mean[c]!) * rstd[c]! * Math.abs(dweight[c]!)) / n;
      return (7 + DIVISION) * EPSILON * Math.abs(weight[c]!) * rstd[c]! * (Math.abs(g) + moved);
    }),
  ];
};
