/**
 * One step of gradient descent with momentum on a range of parameters, in place.
 *
 *   d  = gradient + decay * p
 *   u' = momentum * u + d
 *   p' = p - rate * (nesterov ? d + momentum * u' : u')
 *
 * Shapes   param, grad, velocity, and average where `averaged`, f32 of one shape; hyper f32 [12] = [rate, momentum, nesterov (0 or 1), unused, decay, unused,
 *          unused, clip, scale, ..]; norm f32 [1], the squared norm of all gradients; mask f32 like param where `masked`
 *          -> p', u', average', which overwrite param, velocity and average. See `updateVariant` for rate, gradient and what is left alone.
 * Source   Sutskever et al. 2013, in the form of torch.optim.SGD without dampening
 */
import { defineOp, type Op } from "../../op.js";
import { checkUpdate, type UpdateParams, updateVariant } from "../../variants/update-variant.js";
import { wgsl } from "../../wgsl/source.js";

export const sgd: Op<UpdateParams> = /* @__PURE__ */ defineOp<UpdateParams>({
  name: "sgd",
  infer: (inputs, params) => checkUpdate("sgd", inputs, "grad, velocity", params),
  alias: [0, 2, 3],
  variants: [
    updateVariant({
      name: "sgd",
      bindings: { p: "write wide", g: "read wide", u: "write wide" },
      operands: { p: { output: 0 }, g: { input: 1 }, u: { output: 1 } },
      values: 3,
      body: wgsl`
fn update(i: u32, step: Step) {
  let momentum = step.own[1];
  let d = gradient(i, step) + step.own[4] * p[i];
  let u_new = momentum * u[i] + d;
  p[i] = kept(i, p[i], p[i] - step.rate * select(u_new, d + momentum * u_new, step.own[2] > 0.0));
  u[i] = kept(i, u[i], u_new);
}
`,
    }),
  ],
});
