/**
 * A long sum with a small result: parts of it are summed side by side into scratch, then the parts are added in their
 * order, so equal inputs give equal bits.
 *
 *   y[i] = epilogue(sum over part of parts[part, i])
 */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Lowered, Operand } from "../op.js";
import { f32 } from "../spec.js";
import { dispatch } from "../wgsl/dispatch.js";
import type { Epilogue } from "../wgsl/epilogue.js";
import { flatIndex } from "../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../wgsl/source.js";
import { widthsFor } from "../wgsl/width.js";
import { launchColumnSums } from "./column-sums.js";

const MAX_PARTS = 256; // one thread adds the parts of an element
const SCRATCH_BYTES = 2 ** 25;

/** Most parts of a sum whose result has `size` elements. */
export const mostParts = (size: number): number => Math.min(MAX_PARTS, Math.floor(SCRATCH_BYTES / (4 * size)));

export interface Split {
  readonly parts: number;
  readonly linesPerPart: number;
}

/** `parts` parts of `lines`, or fewer where that leaves some empty. */
export function splitEvenly(lines: number, parts: number): Split {
  const linesPerPart = Math.ceil(lines / parts);
  return { parts: Math.ceil(lines / linesPerPart), linesPerPart };
}

/** Parts of `lines` such that `wanted` workers are busy where one part of the `size` elements employs `perPart`. */
export const splitLines = (lines: number, size: number, perPart: number, wanted: number): Split =>
  splitEvenly(lines, Math.max(1, Math.min(Math.ceil(wanted / perPart), lines, mostParts(size))));

/** How a result of `columns` columns ends once its parts are added. */
export interface Ending {
  readonly epilogue: Epilogue;
  readonly columns: number;
}

const endingKernel = ({ bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "matmul/workgroup-tile/total",
    bindings: { partials: "read f32", ...bindings, y: "write f32" },
    args: { size: "u32", parts: "u32", columns: "u32", activation: "u32" },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  var sum = 0.0;
  for (var part = 0u; part < args.parts; part++) { sum += partials[part * args.size + i]; }
  let channel = i % args.columns;
  y[i] = epilogue(sum * scale_of(channel) + bias_of(channel), i);
}
`,
  });

/** One of the results of launches that sum parts. */
export interface SplitResult {
  readonly size: number;
  readonly to: Operand;
  /** Left out: it is the sum. */
  readonly ending?: Ending | undefined;
}

/**
 * The launches that write [parts, size] for each result, and for each one that adds the parts and ends it. A single part is written
 * where it belongs, by launches that end it themselves.
 */
export function lowerSplits(
  caps: Capabilities,
  parts: number,
  results: readonly SplitResult[],
  launches: (to: readonly Operand[]) => readonly Dispatch[],
): Lowered {
  if (parts === 1) return { dispatches: launches(results.map(({ to }) => to)) };
  const totals = results.map(({ size, to, ending }, scratch) =>
    ending
      ? dispatch(endingKernel(ending.epilogue), caps, {
          threads: size,
          bind: { ...ending.epilogue.bind, partials: { scratch }, y: to },
          args: { size, parts, columns: ending.columns, activation: ending.epilogue.activation },
        })
      : launchColumnSums(
          caps,
          { rows: parts, columns: size },
          { width: widthsFor(size)[0]!, lanes: 1, rowsPerPart: parts },
          { x: { scratch }, y: to },
        ),
  );
  return {
    scratch: results.map(({ size }) => f32(parts, size)),
    dispatches: [...launches(results.map((_, scratch) => ({ scratch }))), ...totals],
  };
}

/** The same for one result, which is output 0. */
export const lowerSplit = (
  caps: Capabilities,
  parts: number,
  size: number,
  launches: (y: Operand) => readonly Dispatch[],
  ending?: Ending,
): Lowered => lowerSplits(caps, parts, [{ size, to: { output: 0 }, ending }], ([y]) => launches(y!));
