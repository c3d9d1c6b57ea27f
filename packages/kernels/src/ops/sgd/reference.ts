import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import type { UpdateParams } from "../../variants/update-variant.js";

/** What an update makes of its inputs; `undefined` where the norm is not finite in float32 and nothing happens. */
export interface Step {
  /** What gradients are multiplied by: the step's scale, and less where their norm is above hyper's clip. */
  readonly scale: number;
  readonly rate: number;
  /** What the gradient of an element is multiplied by; where it is zero the element stays as it is. */
  maskOf(i: number): number;
}

export function stepOf({ hyper, norm, mask }: LastInputs, { rateScale }: UpdateParams): Step | undefined {
  if (!Number.isFinite(Math.fround(norm[0]!))) return undefined;
  const [clip, loss] = [hyper[7]!, hyper[8]!];
  const clipped = clip > 0 ? Math.min(1, clip / (loss * Math.sqrt(norm[0]!) + 1e-6)) : 1;
  return { scale: loss * clipped, rate: hyper[0]! * rateScale, maskOf: (i) => mask?.[i] ?? 1 };
}

export interface LastInputs {
  readonly average: Float64Array | undefined;
  readonly hyper: Float64Array;
  readonly norm: Float64Array;
  readonly mask: Float64Array | undefined;
}

/** The last inputs of an update, from the first after the moments on. */
export function lastInputs(inputs: readonly Float64Array[], averaged: boolean): LastInputs {
  const [hyper, norm, mask] = inputs.slice(Number(averaged)) as [Float64Array, Float64Array, Float64Array | undefined];
  return { average: averaged ? inputs[0] : undefined, hyper, norm, mask };
}

/** The average of `param` after the update, in an array of one; none where there is none. */
export const follow = ({ average, hyper }: LastInputs, param: Float64Array): readonly Float64Array[] =>
  average ? [average.map((a, i) => a + (1 - hyper[9]!) * (param[i]! - a))] : [];

/**
 * In units of 2^-24: 1 each for 1 - decay, the difference and the product, of the product; 1 for the sum, of what it adds; and
 * the share of the error of the param.
 */
export const followError = (
  { average, hyper }: LastInputs,
  param: Float64Array,
  error: Float64Array,
): readonly Float64Array[] => {
  const share = 1 - hyper[9]!;
  const errorAt = (a: number, i: number): number =>
    EPSILON * (4 * share * Math.abs(param[i]! - a) + Math.abs(a)) + share * error[i]!;
  return average ? [average.map(errorAt)] : [];
};

/** `next` where the element is trained, else `before`. */
export const whereTrained = (step: Step, before: Float64Array, next: Float64Array): Float64Array =>
  next.map((value, i) => (step.maskOf(i) === 0 ? before[i]! : value));

/**
 * Rounding steps on the way to a gradient in units of 2^-24: for a clipping scale 9 for the square root, 1 for its product
 * with the step's scale, 1 for the guard, 5 for the division and 1 for the product; then 2 for the products with scale and mask.
 */
export const gradientError = (step: Step, hyper: Float64Array): number => (step.scale === hyper[8] ? 2 : 19);

export const referenceSgd: Reference<UpdateParams> = ([param, grad, velocity, ...rest], { params }) => {
  const last = lastInputs(rest, params.averaged);
  const { hyper, average } = last;
  const step = stepOf(last, params);
  if (!step) return [param!, velocity!, ...(average ? [average] : [])];
  const [, momentum, nesterov, , decay] = hyper as Float64Array & [number, number, number, number, number];
  const d = grad!.map((g, i) => step.scale * step.maskOf(i) * g + decay * param![i]!);
  const u = velocity!.map((value, i) => momentum * value + d[i]!);
  const p = param!.map((value, i) => value - step.rate * (nesterov > 0 ? d[i]! + momentum * u[i]! : u[i]!));
  const updated = whereTrained(step, param!, p);
  return [updated, whereTrained(step, velocity!, u), ...follow(last, updated)];
};

/** In units of 2^-24 of the magnitudes that are added: each product and each sum takes 1, the gradient `gradientError`. */
export const sgdTolerance: Tolerance<UpdateParams> = (
  { params, outputs },
  [param, grad, velocity, ...rest],
  [updated],
) => {
  const none = new Float64Array(param!.length);
  const last = lastInputs(rest, params.averaged);
  const { hyper } = last;
  const step = stepOf(last, params);
  if (!step) return outputs.map(() => none);
  const { rate } = step;
  const [, momentum, nesterov, , decay] = hyper as Float64Array & [number, number, number, number, number];
  const ofGradient = 1 + gradientError(step, hyper);
  const uError = new Float64Array(param!.length);
  const pError = param!.map((p, i) => {
    const g = Math.abs(step.scale * step.maskOf(i) * grad![i]!);
    const decayed = Math.abs(decay * p);
    const d = g + decayed;
    const u = momentum * Math.abs(velocity![i]!) + d;
    const dError = EPSILON * (ofGradient * g + 2 * decayed);
    uError[i] = dError + EPSILON * (momentum * Math.abs(velocity![i]!) + u);
    const [move, error] =
      nesterov > 0
        ? [d + momentum * u, dError + momentum * uError[i]! + EPSILON * (2 * momentum * u + d)]
        : [u, uError[i]!];
    // The rate itself takes 2: rateScale is rounded, and so is their product.
    return rate * error + EPSILON * (4 * rate * move + Math.abs(p));
  });
  const error = whereTrained(step, none, pError);
  return [error, whereTrained(step, none, uError), ...followError(last, updated!, error)];
};
