import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";

export const referenceUpdateAverage: Reference<NoParams> = ([average, param, hyper, norm]) => {
  const share = Number.isFinite(Math.fround(norm![0]!)) ? 1 - hyper![9]! : 0;
  return [average!.map((a, i) => a + share * (param![i]! - a))];
};

/** In units of 2^-24: 1 each for 1 - decay, the difference and the product, of the product; 1 for the sum, of what it adds. */
export const updateAverageTolerance: Tolerance<NoParams> = (_problem, [average, param, hyper, norm]) => {
  if (!Number.isFinite(Math.fround(norm![0]!))) return [new Float64Array(average!.length)];
  const share = 1 - hyper![9]!;
  return [average!.map((a, i) => EPSILON * (4 * share * Math.abs(param![i]! - a) + Math.abs(a)))];
};
