import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import type { BatchNormParams } from "./op.js";

export const referenceBatchNorm: Reference<BatchNormParams> = ([x, weight, bias, mean, variance], { params }) => {
  const channels = weight!.length;
  const y = new Float64Array(x!.length);
  for (let row = 0; row < x!.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      const normal = (x![row + c]! - mean![c]!) / Math.sqrt(variance![c]! + params.eps);
      y[row + c] = normal * weight![c]! + bias![c]!;
    }
  }
  return [y];
};

/**
 * In units of 2^-24 of (|x| + |mean|) |weight| / sd + |bias|: difference, two products and sum 1 each, inverseSqrt 4
 * (WGSL: 2 ULP), the rounded eps and var + eps 1/2 each through the square root. The magnitude is the reference with
 * x = |x| and mean = -|mean|.
 */
export const batchNormTolerance: Tolerance<BatchNormParams> = (problem, inputs, _expected, reference) => {
  const [x, weight, bias, mean, variance] = inputs.map((values) => values.map(Math.abs));
  const magnitude = reference([x!, weight!, bias!, mean!.map((v) => -v), variance!], problem);
  return magnitude.map((m) => m.map((v) => 9 * EPSILON * v));
};
