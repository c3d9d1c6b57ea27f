import type { CrossEntropyParams, UpdateParams } from "@tlx/kernels";
import type { AnyRecord, CaseData } from "@tlx/kernels/testing";
import { stepNumber } from "./update-step.js";

type Values = readonly Float64Array[];

/**
 * TensorFlow.js takes 1 - beta^t from float32 powers, which are off by up to (t + 1) 2^-25: little beside beta^t but not
 * beside 1 - beta^t. The step divides by the first and by the root of the second.
 */
function adamErrors([param, , , , ...rest]: Values, [p2, m2, v2]: Values, params: UpdateParams): Values {
  const { rateScale, averaged } = params;
  const hyper = rest[Number(averaged)]!;
  const [rate, beta1, , , decay, correction1, correction2] = hyper as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const relative = (stepNumber(beta1, correction1) + 1) * 2 ** -25 * (1 / correction1 + 0.5 / correction2);
  const errors = p2!.map((p, i) => relative * Math.abs(p - param![i]! * (1 - rate * rateScale * decay)));
  const none = [m2!, v2!].map((moment) => moment.map(() => 0));
  return [errors, ...none, ...(averaged ? [errors.map((error) => (1 - hyper[9]!) * error)] : [])];
}

/**
 * TensorFlow.js rounds log of sum of exp(logits) itself, and its difference from each logit, where the kernel only rounds
 * distances from the largest logit: an absolute error of 2^-24 of these, which exp makes a relative one.
 */
function crossEntropyErrors(
  [logits, labels, weights]: Values,
  [, grad]: Values,
  { smoothing }: CrossEntropyParams,
): Values {
  const classes = logits!.length / labels!.length;
  const gradErrors = new Float64Array(logits!.length);
  let lossError = 0;
  labels!.forEach((label, i) => {
    const row = logits!.subarray(i * classes, (i + 1) * classes);
    const largest = Math.max(...row);
    const logSum = largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
    const errorOf = (k: number): number => 2 ** -24 * (Math.abs(logSum) + Math.abs(logSum - row[k]!));
    row.forEach((_, k) => {
      const target = (k === label ? 1 - smoothing : 0) + smoothing / classes;
      const weightedProb = grad![i * classes + k]! + target * weights![i]!;
      gradErrors[i * classes + k] = weightedProb * errorOf(k);
      lossError += weights![i]! * target * errorOf(k);
    });
  });
  return [Float64Array.of(lossError), gradErrors];
}

/** Errors of TensorFlow.js that the tolerance of an op does not know, by output. */
// biome-ignore lint/suspicious/noExplicitAny: ops of every parameter type.
const peerErrors: Readonly<Record<string, (inputs: Values, expected: Values, params: any) => Values>> = {
  adamw: adamErrors,
  softmaxCrossEntropy: crossEntropyErrors,
};

/**
 * Largest allowed |kernel - TensorFlow.js|. Ours may be off by the op's tolerance, and so may TensorFlow.js, which derives
 * the same in float32; where it derives otherwise, `peerErrors` adds what that costs.
 */
export function allowedBetween({ op, reference, tolerance }: AnyRecord, { problem, inputs }: CaseData): Values {
  const expected = reference(inputs, problem);
  const beyond = peerErrors[op.name]?.(inputs, expected, problem.params);
  return tolerance(problem, inputs, expected, reference).map((t, o) =>
    t.map((v, i) => 2 * v + (beyond?.[o]?.[i] ?? 0)),
  );
}
