/**
 * A long sum over lines of pixels with a small result: parts of the lines are summed side by side into scratch, then the
 * parts are added in their order, so equal inputs give equal bits.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Lowered, Operand } from "../../op.js";
import { f32 } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { columnSumsKernel } from "../column-sums/op.js";

const MAX_PARTS = 256; // one thread adds the parts of an element
const SCRATCH_BYTES = 2 ** 25;

export interface Split {
  readonly parts: number;
  readonly linesPerPart: number;
}

/** Parts of `lines` such that `wanted` workers are busy where one part of the `size` elements employs `perPart`. */
export function splitLines(lines: number, size: number, perPart: number, wanted: number): Split {
  const affordable = Math.floor(SCRATCH_BYTES / (4 * size));
  const parts = Math.max(1, Math.min(Math.ceil(wanted / perPart), lines, MAX_PARTS, affordable));
  const linesPerPart = Math.ceil(lines / parts);
  return { parts: Math.ceil(lines / linesPerPart), linesPerPart };
}

/** The launch that writes [parts, size], and one that adds the parts; a single part is written where it belongs. */
export function lowerSplit(caps: Capabilities, parts: number, size: number, launch: (y: Operand) => Dispatch): Lowered {
  if (parts === 1) return { dispatches: [launch({ output: 0 })] };
  const total = dispatch(columnSumsKernel, caps, {
    threads: size,
    bind: { x: { scratch: 0 }, y: { output: 0 } },
    args: { size, rows: parts, columns: size, rowsPerPart: parts },
  });
  return { scratch: [f32(parts, size)], dispatches: [launch({ scratch: 0 }), total] };
}
