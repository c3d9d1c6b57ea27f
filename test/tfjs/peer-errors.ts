import type { CrossEntropyParams, DistillationParams, UpdateParams } from "@tlx/kernels";
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

/**
 * TensorFlow.js divides logits by the temperature before it takes their distances, and rounds each log of a probability: an
 * absolute error of 2^-24 of these, twice of a logit for temperature and quotient, and as much of those it is set off against.
 */
function distillationErrors(
  [logits, teacher, weights]: Values,
  [, grad]: Values,
  { temperature }: DistillationParams,
): Values {
  const classes = grad!.length / weights!.length;
  const gradErrors = new Float64Array(grad!.length);
  let lossError = 0;
  const logProbsOf = (given: Float64Array) => {
    const row = given.map((v) => v / temperature);
    const top = Math.max(...row);
    const logSum = top + Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
    const farthest = Math.max(...row.map(Math.abs));
    const logs = row.map((v) => v - logSum);
    return { logs, errors: logs.map((v) => 2 ** -24 * (4 * farthest + Math.abs(v))) };
  };
  weights!.forEach((w, i) => {
    const [first, end] = [i * classes, (i + 1) * classes];
    const student = logProbsOf(logits!.subarray(first, end));
    const wanted = logProbsOf(teacher!.subarray(first, end));
    wanted.logs.forEach((logP, k) => {
      const [p, logQ] = [Math.exp(logP), student.logs[k]!];
      const [eq, ep] = [student.errors[k]!, wanted.errors[k]!];
      gradErrors[first + k] = w * temperature * (Math.exp(logQ) * eq + p * ep);
      lossError += w * temperature ** 2 * p * (eq + ep + ep * Math.abs(logP - logQ));
    });
  });
  return [Float64Array.of(lossError), gradErrors];
}

/** Errors of TensorFlow.js that the tolerance of an op does not know, by output. */
// biome-ignore lint/suspicious/noExplicitAny: ops of every parameter type.
const peerErrors: Readonly<Record<string, (inputs: Values, expected: Values, params: any) => Values>> = {
  adamw: adamErrors,
  softmaxCrossEntropy: crossEntropyErrors,
  distillation: distillationErrors,
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
