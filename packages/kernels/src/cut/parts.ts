/** Ranges of values that are too large for one binding. */
import type { Cut, Operand, Part, Problem } from "../op.js";
import { f32, type Spec, sizeOf } from "../spec.js";

/** A part begins at a multiple of this many elements: 256 bytes, where every device lets a binding begin. */
const ALIGNMENT = 64;

/** Ranges of `rows` rows of `rowSize` elements, as few as `limit` bytes allow and about alike; empty where a range does not fit. */
export function rowParts(rows: number, rowSize: number, limit: number): Part[] {
  const most = Math.floor(limit / (4 * rowSize * ALIGNMENT)) * ALIGNMENT;
  if (most === 0) return [];
  const each = Math.ceil(rows / Math.ceil(rows / most) / ALIGNMENT) * ALIGNMENT;
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => ({
    from: i * each,
    count: Math.min(each, rows - i * each),
  }));
}

/** The part of a value whose rows have `rowSize` elements. */
export const ofRows = ({ from, count }: Part, rowSize: number): Part => ({
  from: from * rowSize,
  count: count * rowSize,
});

/** Cut of an op that computes every element by itself: ranges of all values of the size of the first, the others whole. */
export function cutElements<P>({ inputs, outputs, params }: Problem<P>, limit: number): Cut | undefined {
  const size = sizeOf(inputs[0]!);
  const parts = rowParts(size, 1, limit);
  const isCut = (spec: Spec): boolean => sizeOf(spec) === size;
  const pieces = parts.map((part) => {
    const specOf = (spec: Spec): Spec => (isCut(spec) ? f32(part.count) : spec);
    const place = <O extends Operand>(operand: O, spec: Spec): O => (isCut(spec) ? { ...operand, part } : operand);
    return {
      problem: { inputs: inputs.map(specOf), outputs: outputs.map(specOf), params },
      inputs: inputs.map((spec, i) => place({ input: i }, spec)),
      outputs: outputs.map((spec, i) => place({ output: i }, spec)),
    };
  });
  return { pieces };
}
