import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";

/** What gradients are multiplied by: below 1 where their norm is above hyper's clip. */
export function gradientScale(hyper: Float64Array, norm: Float64Array | undefined): number {
  const clip = hyper[7]!;
  return norm && clip > 0 ? Math.min(1, clip / (Math.sqrt(norm[0]!) + 1e-6)) : 1;
}

/** Rounding steps of the scale in units of 2^-24: 9 for the square root, 1 for the guard, 5 for the division. */
export const scaleError = (hyper: Float64Array, norm: Float64Array | undefined): number =>
  gradientScale(hyper, norm) === 1 ? 0 : 15;

export const referenceSgd: Reference<NoParams> = ([param, grad, velocity, hyper, norm]) => {
  const [rate, momentum, nesterov, , decay] = hyper as Float64Array & [number, number, number, number, number];
  const scale = gradientScale(hyper!, norm);
  const d = grad!.map((g, i) => scale * g + decay * param![i]!);
  const u = velocity!.map((value, i) => momentum * value + d[i]!);
  return [param!.map((p, i) => p - rate * (nesterov > 0 ? d[i]! + momentum * u[i]! : u[i]!)), u];
};

/** In units of 2^-24 of the magnitudes that are added: each product and each sum takes 1, the scale `scaleError`. */
export const sgdTolerance: Tolerance<NoParams> = (_problem, [param, grad, velocity, hyper, norm]) => {
  const [rate, momentum, nesterov, , decay] = hyper as Float64Array & [number, number, number, number, number];
  const scale = gradientScale(hyper!, norm);
  const ofGradient = 2 + scaleError(hyper!, norm);
  const uError = new Float64Array(param!.length);
  const pError = param!.map((p, i) => {
    const g = Math.abs(scale * grad![i]!);
    const decayed = Math.abs(decay * p);
    const d = g + decayed;
    const u = momentum * Math.abs(velocity![i]!) + d;
    const dError = EPSILON * (ofGradient * g + 2 * decayed);
    uError[i] = dError + EPSILON * (momentum * Math.abs(velocity![i]!) + u);
    const [step, error] =
      nesterov > 0
        ? [d + momentum * u, dError + momentum * uError[i]! + EPSILON * (2 * momentum * u + d)]
        : [u, uError[i]!];
    return rate * error + EPSILON * (2 * rate * step + Math.abs(p));
  });
  return [pError, uError];
};
