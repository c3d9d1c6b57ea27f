/**
 * One AdamW step on a range of parameters, in place.
 *
 *   p' = p * (1 - rate * decay) - rate / correction1 * m' / (sqrt(v') / sqrt(correction2) + eps)
 *   m' = beta1 * m + (1 - beta1) * g
 *   v' = beta2 * v + (1 - beta2) * g^2
 *
 * Shapes   param, grad, m, v f32 of one shape; hyper f32 [8] = [rate, beta1, beta2, eps, decay, correction1,
 *          correction2, unused] with correction = 1 - beta^t at step t = 1, 2, ..
 *          -> p', m', v', which overwrite param, m and v
 * Source   Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "adamw/plain",
  bindings: { p: "write f32", g: "read f32", m: "write f32", v: "write f32", hyper: "read f32" },
  args: { size: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let rate = hyper[0];
  let beta1 = hyper[1];
  let beta2 = hyper[2];
  let m_new = beta1 * m[i] + (1.0 - beta1) * g[i];
  let v_new = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i];
  let spread = sqrt(v_new) / sqrt(hyper[6]) + hyper[3];
  p[i] = p[i] * (1.0 - rate * hyper[4]) - rate / hyper[5] * m_new / spread;
  m[i] = m_new;
  v[i] = v_new;
}
`,
});

export const adamw: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "adamw",
  infer(inputs) {
    const [param, grad, m, v, hyper] = inputs as [Spec, Spec, Spec, Spec, Spec];
    check(
      inputs.length === 5 &&
        param.dtype === "f32" &&
        [grad, m, v].every((s) => sameSpec(s, param)) &&
        sameSpec(hyper, f32(8)),
      "E_SHAPE",
      () =>
        `adamw: expects param, grad, m and v f32 of one shape and hyper f32[8], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [param, m, v];
  },
  alias: [0, 2, 3],
  variants: [
    plainVariant(kernel, ({ inputs }) => {
      const size = sizeOf(inputs[0]!);
      return {
        threads: size,
        bind: { p: { output: 0 }, g: { input: 1 }, m: { output: 1 }, v: { output: 2 }, hyper: { input: 4 } },
        args: { size },
      };
    }),
  ],
});
