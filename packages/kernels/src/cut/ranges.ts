/** What an optimizer does with gradients that are larger than a binding, range by range. */
import type { Cut, Piece, Problem } from "../op.js";
import { add } from "../ops/add/op.js";
import { flattenOffsets } from "../ops/flatten/offsets.js";
import { f32, sizeOf } from "../spec.js";
import { rowParts } from "./parts.js";

/** The norms of ranges, added up one after the other. */
export function cutSquaredNorm<P>({ inputs: [x], params }: Problem<P>, limit: number): Cut {
  const parts = rowParts(sizeOf(x!), 1, limit);
  const one = f32(1);
  const norms = parts.map(
    (part, i): Piece => ({
      problem: { inputs: [f32(part.count)], outputs: [one], params },
      inputs: [{ input: 0, part }],
      outputs: [{ scratch: i }],
    }),
  );
  const sums = parts.slice(1).map((_, i): Piece => {
    const isLast = i === parts.length - 2;
    return {
      op: add,
      problem: { inputs: [one, one], outputs: [one], params: {} },
      inputs: [{ scratch: i === 0 ? 0 : parts.length + i - 1 }, { scratch: i + 1 }],
      outputs: [isLast ? { output: 0 } : { scratch: parts.length + i }],
    };
  });
  return { scratch: [...norms, ...sums].map(() => one), pieces: [...norms, ...sums] };
}

/** Every input is laid by itself, range by range. */
export function cutFlatten<P>({ inputs, params }: Problem<P>, limit: number): Cut {
  const offsets = flattenOffsets(inputs);
  const pieces = inputs.flatMap((spec, i) =>
    rowParts(sizeOf(spec), 1, limit).map((part): Piece => {
      const piece = f32(part.count);
      const laid = f32(flattenOffsets([piece]).at(-1)!);
      return {
        problem: { inputs: [piece], outputs: [laid], params },
        inputs: [{ input: i, part }],
        outputs: [{ output: 0, part: { from: offsets[i]! + part.from, count: sizeOf(laid) } }],
      };
    }),
  );
  return { pieces };
}
