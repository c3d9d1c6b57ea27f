/**
 * Adds one number per channel: y[.., c] = x[.., c] + b[c].
 *
 * Shapes   x f32 [.., C], b f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "addBias/plain",
  bindings: { x: "read f32", b: "read f32", y: "write f32" },
  args: { size: "u32", channels: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  y[i] = x[i] + b[i % args.channels];
}
`,
});

export const addBias: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "addBias",
  infer(inputs) {
    const [x, b] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 &&
        inputs.every((s) => s.dtype === "f32") &&
        b.shape.length === 1 &&
        x.shape.at(-1) === b.shape[0],
      "E_SHAPE",
      () => `addBias: expects f32 x [.., C] and b [C], found ${inputs.map(formatSpec).join(" and ")}`,
    );
    return [x];
  },
  variants: [
    plainVariant(kernel, ({ inputs }) => {
      const size = sizeOf(inputs[0]!);
      return {
        threads: size,
        bind: { x: { input: 0 }, b: { input: 1 }, y: { output: 0 } },
        args: { size, channels: inputs[1]!.shape[0]! },
      };
    }),
  ],
});
