import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";

export const referenceAdamw: Reference<NoParams> = ([param, grad, m, v, hyper]) => {
  const [rate, beta1, beta2, eps, decay, correction1, correction2] = hyper as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const m2 = m!.map((value, i) => beta1 * value + (1 - beta1) * grad![i]!);
  const v2 = v!.map((value, i) => beta2 * value + (1 - beta2) * grad![i]! ** 2);
  const p2 = param!.map((value, i) => {
    const step = m2[i]! / correction1 / (Math.sqrt(v2[i]! / correction2) + eps);
    return value - rate * decay * value - rate * step;
  });
  return [p2, m2, v2];
};

/**
 * In units of 2^-24, with WGSL's bounds of 5 for a division and 9 for a square root: the averages m' and v' take at most
 * 4 of the magnitudes they add; the step m' / (..) takes that of m' plus 5 + 9 + 9 + 5 + 1 + 5 + 1 and half of v' = 37;
 * the decayed parameter takes 4.
 */
export const adamwTolerance: Tolerance<NoParams> = (_problem, inputs, expected) => {
  const [param, grad, m, , hyper] = inputs;
  const [rate, beta1, , eps, , correction1, correction2] = hyper!;
  const [, m2, v2] = expected;
  const mError = m!.map((value, i) => 4 * EPSILON * (beta1! * Math.abs(value) + (1 - beta1!) * Math.abs(grad![i]!)));
  const pError = param!.map((value, i) => {
    const factor = rate! / correction1! / (Math.sqrt(v2![i]! / correction2!) + eps!);
    return 4 * EPSILON * Math.abs(value) + factor * (mError[i]! + 37 * EPSILON * Math.abs(m2![i]!));
  });
  return [pError, mError, v2!.map((value) => 4 * EPSILON * value)];
};
