import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** The slopes by name of the op, of a result y or of x. */
const slopes: Readonly<Record<string, (at: number) => number>> = {
  sigmoidGrad: (y) => y - y * y,
  hardSigmoidGrad: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
  siluGrad: (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x),
  hardSwishGrad: (x) => (x < -3 ? 0 : x > 3 ? 1 : x / 3 + 0.5),
};

export const referenceCurveGrad = (name: string): Reference<NoParams> => {
  const slope = slopes[name]!;
  return ([at, dy]) => [dy!.map((v, i) => v * slope(at![i]!))];
};

/** Rounding of slopes, which are below 1.2 and sums of terms below 2, and of the product: exp is off by 3 + 2 |x| ULP where its result counts. */
export const curveGradTolerance: Tolerance<NoParams> = (_problem, [at, dy]) => [
  dy!.map((v, i) => 2 * EPSILON * (12 + 2 * Math.min(Math.abs(at![i]!), 8)) * Math.abs(v) + 1e-37),
];
