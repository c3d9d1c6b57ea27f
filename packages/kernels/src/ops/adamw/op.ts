/**
 * One AdamW step on a range of parameters, in place.
 *
 *   p' = p * (1 - rate * decay) - rate / correction1 * m' / (sqrt(v') / sqrt(correction2) + eps)
 *   m' = beta1 * m + (1 - beta1) * gradient
 *   v' = beta2 * v + (1 - beta2) * gradient^2
 *
 * Shapes   param, grad, m, v, and average where `averaged`, f32 of one shape; hyper f32 [12] = [rate, beta1, beta2, eps, decay, correction1,
 *          correction2, clip, scale, ..] with correction = 1 - beta^t at step t = 1, 2, ..; norm f32 [1], the squared norm of
 *          all gradients; mask f32 like param where `masked`
 *          -> p', m', v', average', which overwrite param, m, v and average. See `updateVariant` for rate, gradient and what is left alone.
 * Source   Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization
 */
import { defineOp, type Op } from "../../op.js";
import { checkUpdate, type UpdateParams, updateVariant } from "../../variants/update-variant.js";
import { wgsl } from "../../wgsl/source.js";

export const adamw: Op<UpdateParams> = /* @__PURE__ */ defineOp<UpdateParams>({
  name: "adamw",
  infer: (inputs, params) => checkUpdate("adamw", inputs, "grad, m, v", params),
  alias: [0, 2, 3, 4],
  variants: [
    updateVariant({
      name: "adamw",
      bindings: { p: "write wide", g: "read wide", m: "write wide", v: "write wide" },
      operands: { p: { output: 0 }, g: { input: 1 }, m: { output: 1 }, v: { output: 2 } },
      values: 4,
      body: wgsl`
fn update(i: u32, step: Step) {
  let rate = step.rate;
  let beta1 = step.own[1];
  let beta2 = step.own[2];
  let d = gradient(i, step);
  let m_new = beta1 * m[i] + (1.0 - beta1) * d;
  let v_new = beta2 * v[i] + (1.0 - beta2) * d * d;
  let spread = sqrt(v_new) / sqrt(step.own[6]) + step.own[3];
  p[i] = kept(i, p[i], p[i] * (1.0 - rate * step.own[4]) - rate / step.own[5] * m_new / spread);
  m[i] = kept(i, m[i], m_new);
  v[i] = kept(i, v[i], v_new);
}
`,
    }),
  ],
});
