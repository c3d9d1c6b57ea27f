/**
 * Elementwise sum: y = a + b.
 *
 * Shapes   a and b f32 of one shape -> y of that shape
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "add/plain",
  bindings: { a: "read f32", b: "read f32", y: "write f32" },
  args: { size: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  y[i] = a[i] + b[i];
}
`,
});

export const add: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "add",
  infer(inputs) {
    const [a, b] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 && a.dtype === "f32" && sameSpec(a, b),
      "E_SHAPE",
      () => `add: expects two f32 inputs of one shape, found ${inputs.map(formatSpec).join(" and ")}`,
    );
    return [a];
  },
  variants: [
    plainVariant(kernel, ({ outputs }) => {
      const size = sizeOf(outputs[0]!);
      return { threads: size, bind: { a: { input: 0 }, b: { input: 1 }, y: { output: 0 } }, args: { size } };
    }),
  ],
});
