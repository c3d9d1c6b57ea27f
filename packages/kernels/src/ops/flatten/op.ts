/**
 * Lays inputs one after another into one range: y[offset_i + j] = x_i[j], zero between them.
 *
 * Shapes   one or more f32 of any shape -> y f32 [total]; offsets and total are multiples of 64 elements
 * Method   256 bytes is what WebGPU lets a binding begin at, so each input can be bound alone inside y, and its maker may write
 *          it there at once; one dispatch per input, so any number of inputs stays within the limit of 8 storage buffers.
 *          What lies between them is less than 256 bytes each and zeroed apart, 16 gaps by a dispatch.
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { type Dispatch, defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { ALIGNMENT, flattenOffsets } from "./offsets.js";

const copy = /* @__PURE__ */ defineKernel({
  name: "flatten/plain/copy",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", offset: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i < args.size) { y[args.offset + i] = x[i]; }
}
`,
});

const GAPS = 16; // per dispatch
const gapNumbers = Array.from({ length: GAPS }, (_, i) => i);

/** A workgroup zeroes one gap, from element `from` to before `to`. */
const clear = /* @__PURE__ */ defineKernel({
  name: "flatten/plain/clear",
  bindings: { y: "write f32" },
  args: Object.fromEntries(gapNumbers.flatMap((i) => [`from${i}`, `to${i}`].map((name) => [name, "u32" as const]))),
  workgroup: [ALIGNMENT, 1, 1],
  body: `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var starts = array<u32, ${GAPS}>(${gapNumbers.map((i) => `args.from${i}`).join(", ")});
  var ends = array<u32, ${GAPS}>(${gapNumbers.map((i) => `args.to${i}`).join(", ")});
  let at = starts[group.x] + local;
  if (at < ends[group.x]) { y[at] = 0.0; }
}
`,
});

function clearGaps(inputs: readonly Spec[], offsets: readonly number[], caps: Capabilities): Dispatch[] {
  const gaps = inputs
    .map((spec, i) => ({ from: offsets[i]! + sizeOf(spec), to: offsets[i + 1]! }))
    .filter(({ from, to }) => from < to);
  return Array.from({ length: Math.ceil(gaps.length / GAPS) }, (_, part) => {
    const own = gaps.slice(part * GAPS, (part + 1) * GAPS);
    const args = gapNumbers.flatMap((i) => [
      [`from${i}`, own[i]?.from ?? 0],
      [`to${i}`, own[i]?.to ?? 0],
    ]);
    return dispatch(clear, caps, { groups: own.length, bind: { y: { output: 0 } }, args: Object.fromEntries(args) });
  });
}

export const flatten: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "flatten",
  infer(inputs) {
    check(
      inputs.length > 0 && inputs.every((s) => s.dtype === "f32"),
      "E_SHAPE",
      () => `flatten: expects one or more f32 inputs, found ${inputs.map(formatSpec).join(", ") || "none"}`,
    );
    return [f32(flattenOffsets(inputs).at(-1)!)];
  },
  ranges: flattenOffsets,
  variants: [
    {
      name: "plain",
      fits: () => true,
      lower({ inputs }, caps) {
        const offsets = flattenOffsets(inputs);
        const copies = inputs.map((input, i) =>
          dispatch(copy, caps, {
            threads: sizeOf(input),
            bind: { x: { input: i }, y: { output: 0 } },
            args: { size: sizeOf(input), offset: offsets[i]! },
          }),
        );
        return { dispatches: [...copies, ...clearGaps(inputs, offsets, caps)] };
      },
    },
  ],
});
