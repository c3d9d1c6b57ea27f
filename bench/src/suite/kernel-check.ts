/**
 * Is what a kernel computed right? Every output is compared with the double-precision reference of its op. Of large products
 * of sums the reference computes a part: first and last picture of a batch, rows or columns from both ends.
 */
import { type HostTensor, type Problem, type Spec, sizeOf } from "@tlx/kernels";
import { type AnyRecord, type CaseData, worstMismatch } from "@tlx/kernels/testing";
import { flopsOf } from "./work.js";

type Values = HostTensor["data"];

/** What of a problem is checked: along which axis of each input and of the output, and which indexes there. */
interface Part {
  readonly inputs: readonly (number | undefined)[];
  readonly output: number;
  readonly picks: readonly number[];
}

const LARGE = 1e8; // floating-point operations that the reference does in a quarter of a second
const ENDS = 8;

const ends = (extent: number, count: number): number[] =>
  extent <= 2 * count
    ? Array.from({ length: extent }, (_, i) => i)
    : Array.from({ length: 2 * count }, (_, i) => (i < count ? i : extent - 2 * count + i));

/** Undefined where the whole problem is checked. */
function partOf(op: string, problem: Problem<unknown>): Part | undefined {
  if ((flopsOf(op, problem) ?? 0) < LARGE) return undefined;
  const { inputs, outputs } = problem;
  const [result] = outputs as [Spec];
  const along = (first: number, output: number, count: number, second?: number): Part => ({
    inputs: inputs.map((_, i) => (i === 0 ? first : i === 1 ? second : undefined)),
    output,
    picks: ends(result.shape[output]!, count),
  });
  if (op === "matmul" || op === "matmulTransposeB") return along(0, 0, ENDS);
  if (op === "matmulTransposeA") return along(1, 0, ENDS);
  if (/^(conv2d|depthwiseConv2d)(InputGrad)?$/.test(op)) {
    const batch = result.shape[0]!;
    const perPicture = inputs.map((spec, i) => (i !== 1 && spec.shape.length === 4 ? 0 : undefined));
    return { inputs: perPicture, output: 0, picks: ends(batch, 1) };
  }
  const { groups } = problem.params as { readonly groups?: number };
  if (op === "conv2dWeightGrad" && groups === 1) {
    return { inputs: [undefined, 3], output: 3, picks: ends(result.shape[3]!, ENDS) };
  }
  return undefined;
}

const withExtent = ({ dtype, shape }: Spec, axis: number, extent: number): Spec => ({
  dtype,
  shape: shape.map((e, i) => (i === axis ? extent : e)),
});

function take<T extends Float64Array | Values>({ shape }: Spec, values: T, axis: number, picks: readonly number[]): T {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const taken = values.slice(0, outer * picks.length * inner) as T;
  for (let o = 0; o < outer; o++) {
    for (const [p, pick] of picks.entries()) {
      const from = (o * shape[axis]! + pick) * inner;
      taken.set(values.subarray(from, from + inner) as never, (o * picks.length + p) * inner);
    }
  }
  return taken;
}

/** A function that says what is wrong with outputs for `data`, in words; undefined when nothing is. */
export function checkerOf(record: AnyRecord, data: CaseData): (outputs: readonly Values[]) => string | undefined {
  const part = partOf(record.op.name, data.problem);
  const { problem, inputs } = part ? cut(data, part) : data;
  const expected = record.reference(inputs, problem);
  const allowed = record.tolerance(problem, inputs, expected, record.reference);
  return (outputs) => {
    const found = part ? [take(data.problem.outputs[0]!, outputs[0]!, part.output, part.picks)] : outputs;
    const wrong = worstMismatch(found, expected, allowed);
    if (wrong === undefined) return undefined;
    return `output ${wrong.output} is ${wrong.found} at ${wrong.index}, expected ${wrong.expected} within ${wrong.allowed.toExponential(1)}`;
  };
}

function cut({ problem, inputs }: CaseData, { inputs: axes, output, picks }: Part): CaseData {
  const specs = problem.inputs.map((spec, i) =>
    axes[i] === undefined ? spec : withExtent(spec, axes[i]!, picks.length),
  );
  return {
    problem: { ...problem, inputs: specs, outputs: [withExtent(problem.outputs[0]!, output, picks.length)] },
    inputs: inputs.map((values, i) =>
      axes[i] === undefined ? values : take(problem.inputs[i]!, values, axes[i]!, picks),
    ),
  };
}

/** Numbers, and not zeros alone. */
export const isTelling = (values: ArrayLike<number>): boolean => {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (!Number.isFinite(magnitude)) return false;
    largest = Math.max(largest, magnitude);
  }
  return largest > 0;
};

/** Elements of all inputs and outputs. */
export const elementsOf = ({ inputs, outputs }: Problem<unknown>): number =>
  [...inputs, ...outputs].reduce((sum, spec) => sum + sizeOf(spec), 0);
