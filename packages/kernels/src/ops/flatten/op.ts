/**
 * Lays inputs one after another into one range: y[offset_i + j] = x_i[j], zero between them.
 *
 * Shapes   one or more f32 of any shape -> y f32 [total]; offsets and total are multiples of 64 elements
 * Method   256 bytes is what WebGPU lets a binding begin at, so each input can be bound alone inside y, and its maker may write
 *          it there at once; one dispatch per input, so any number of inputs stays within the limit of 8 storage buffers
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const ALIGNMENT = 64; // elements

/** Where each input begins, and last where the range ends. */
export function flattenOffsets(inputs: readonly Spec[]): number[] {
  const offsets = [0];
  for (const spec of inputs) offsets.push(offsets.at(-1)! + Math.ceil(sizeOf(spec) / ALIGNMENT) * ALIGNMENT);
  return offsets;
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "flatten/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", reach: "u32", offset: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.reach) { return; }
  if (i < args.size) { y[args.offset + i] = x[i]; } else { y[args.offset + i] = 0.0; }
}
`,
});

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
        const dispatches = inputs.map((input, i) => {
          const offset = offsets[i]!;
          const reach = offsets[i + 1]! - offset;
          return dispatch(kernel, caps, {
            threads: reach,
            bind: { x: { input: i }, y: { output: 0 } },
            args: { size: sizeOf(input), reach, offset },
          });
        });
        return { dispatches };
      },
    },
  ],
});
