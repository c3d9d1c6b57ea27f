import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import type { UpdateParams } from "../../variants/update-variant.js";
import { follow, followError, gradientError, lastInputs, stepOf, whereTrained } from "../sgd/reference.js";

type Numbers = Float64Array & [number, number, number, number, number, number, number];

export const referenceAdamw: Reference<UpdateParams> = ([param, grad, m, v, ...rest], { params }) => {
  const last = lastInputs(rest, params.averaged);
  const { hyper, average } = last;
  const step = stepOf(last, params);
  if (!step) return [param!, m!, v!, ...(average ? [average] : [])];
  const { rate } = step;
  const [, beta1, beta2, eps, decay, correction1, correction2] = hyper as Numbers;
  const d = grad!.map((g, i) => step.scale * step.maskOf(i) * g);
  const m2 = m!.map((value, i) => beta1 * value + (1 - beta1) * d[i]!);
  const v2 = v!.map((value, i) => beta2 * value + (1 - beta2) * d[i]! ** 2);
  const p2 = param!.map((value, i) => {
    const move = m2[i]! / correction1 / (Math.sqrt(v2[i]! / correction2) + eps);
    return value - rate * decay * value - rate * move;
  });
  const updated = whereTrained(step, param!, p2);
  return [updated, whereTrained(step, m!, m2), whereTrained(step, v!, v2), ...follow(last, updated)];
};

/**
 * In units of 2^-24, with WGSL's bounds of 5 for a division and 9 for a square root: the averages m' and v' take at most
 * 4 of the magnitudes they add; the step m' / (..) takes that of m' plus 5 + 9 + 9 + 5 + 1 + 5 + 1 and half of v' = 37, and 2
 * for the rate; the decayed parameter takes 6. The error of the gradient goes into m', twice into v', and through the root
 * once more into the step.
 */
export const adamwTolerance: Tolerance<UpdateParams> = ({ params, outputs }, inputs, [updated, m2, v2]) => {
  const [param, grad, m, v, ...rest] = inputs;
  const none = new Float64Array(param!.length);
  const last = lastInputs(rest, params.averaged);
  const { hyper } = last;
  const step = stepOf(last, params);
  if (!step) return outputs.map(() => none);
  const [, beta1, beta2, eps, , correction1, correction2] = hyper as Numbers;
  const ofGradient = gradientError(step, hyper);
  const d = grad!.map((g, i) => Math.abs(step.scale * step.maskOf(i) * g));
  const mError = m!.map((value, i) => EPSILON * (4 * beta1 * Math.abs(value) + (4 + ofGradient) * (1 - beta1) * d[i]!));
  const pError = param!.map((value, i) => {
    const factor = step.rate / correction1 / (Math.sqrt(v2![i]! / correction2) + eps);
    return 6 * EPSILON * Math.abs(value) + factor * (mError[i]! + (39 + ofGradient) * EPSILON * Math.abs(m2![i]!));
  });
  const vError = v!.map((value, i) => EPSILON * (4 * beta2 * value + (4 + 2 * ofGradient) * (1 - beta2) * d[i]! ** 2));
  const error = whereTrained(step, none, pError);
  const moments = [whereTrained(step, none, mError), whereTrained(step, none, vError)];
  return [error, ...moments, ...followError(last, updated!, error)];
};
