import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import { gradientScale, scaleError } from "../sgd/reference.js";

export const referenceAdamw: Reference<NoParams> = ([param, grad, m, v, hyper, norm]) => {
  const [rate, beta1, beta2, eps, decay, correction1, correction2] = hyper as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const scale = gradientScale(hyper!, norm);
  const m2 = m!.map((value, i) => beta1 * value + (1 - beta1) * scale * grad![i]!);
  const v2 = v!.map((value, i) => beta2 * value + (1 - beta2) * (scale * grad![i]!) ** 2);
  const p2 = param!.map((value, i) => {
    const step = m2[i]! / correction1 / (Math.sqrt(v2[i]! / correction2) + eps);
    return value - rate * decay * value - rate * step;
  });
  return [p2, m2, v2];
};

/**
 * In units of 2^-24, with WGSL's bounds of 5 for a division and 9 for a square root: the averages m' and v' take at most
 * 4 of the magnitudes they add; the step m' / (..) takes that of m' plus 5 + 9 + 9 + 5 + 1 + 5 + 1 and half of v' = 37;
 * the decayed parameter takes 4. A scaled gradient carries the error of its scale and its product into m', twice that into
 * v', and through the root once more into the step.
 */
export const adamwTolerance: Tolerance<NoParams> = (_problem, inputs, expected) => {
  const [param, grad, m, v, hyper, norm] = inputs;
  const [rate, beta1, beta2, eps, , correction1, correction2] = hyper!;
  const [, m2, v2] = expected;
  const scale = gradientScale(hyper!, norm);
  const scaled = scale === 1 ? 0 : scaleError(hyper!, norm) + 1;
  const mError = m!.map(
    (value, i) => EPSILON * (4 * beta1! * Math.abs(value) + (4 + scaled) * (1 - beta1!) * Math.abs(scale * grad![i]!)),
  );
  const pError = param!.map((value, i) => {
    const factor = rate! / correction1! / (Math.sqrt(v2![i]! / correction2!) + eps!);
    return 4 * EPSILON * Math.abs(value) + factor * (mError[i]! + (37 + scaled) * EPSILON * Math.abs(m2![i]!));
  });
  const vError = v!.map(
    (value, i) => EPSILON * (4 * beta2! * value + (4 + 2 * scaled) * (1 - beta2!) * (scale * grad![i]!) ** 2),
  );
  return [pError, mError, vError];
};
