/**
 * Rectified linear units: relu(x) = max(x, 0), relu6(x) = min(max(x, 0), 6).
 *
 * Shapes   x f32 of any shape -> y of the same shape
 * Source   relu6: Howard et al. 2017, MobileNets
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { type Activation, activate, activationCode, flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "relu/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", activation: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex, activate],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  y[i] = activate(x[i], args.activation);
}
`,
});

function activationOp(name: Exclude<Activation, "none">): Op<NoParams> {
  return defineOp<NoParams>({
    name,
    infer(inputs) {
      const [x] = inputs as [Spec];
      check(
        inputs.length === 1 && x.dtype === "f32",
        "E_SHAPE",
        () => `${name}: expects one f32 input, found ${inputs.map(formatSpec).join(", ")}`,
      );
      return [x];
    },
    variants: [
      plainVariant(kernel, ({ inputs }) => {
        const size = sizeOf(inputs[0]!);
        return {
          threads: size,
          bind: { x: { input: 0 }, y: { output: 0 } },
          args: { size, activation: activationCode[name] },
        };
      }),
    ],
  });
}

export const relu: Op<NoParams> = /* @__PURE__ */ activationOp("relu");
export const relu6: Op<NoParams> = /* @__PURE__ */ activationOp("relu6");
