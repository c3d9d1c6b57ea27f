/**
 * One step of gradient descent with momentum on a range of parameters, in place.
 *
 *   d  = scale * g + decay * p
 *   u' = momentum * u + d
 *   p' = p - rate * (nesterov ? d + momentum * u' : u')
 *
 * Shapes   param, grad, velocity f32 of one shape; hyper f32 [8] = [rate, momentum, nesterov (0 or 1), unused, decay, unused,
 *          unused, clip]; optionally norm f32 [1], the squared norm of all gradients, from which the scale is made
 *          -> p', u', which overwrite param and velocity
 * Source   Sutskever et al. 2013, in the form of torch.optim.SGD without dampening
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { isUpdate, updateVariant } from "../../variants/update-variant.js";
import { wgsl } from "../../wgsl/source.js";

export const sgd: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "sgd",
  infer(inputs) {
    check(
      isUpdate(inputs, 4),
      "E_SHAPE",
      () =>
        `sgd: expects param, grad and velocity f32 of one shape, hyper f32[8] and maybe norm f32[1], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const [param, , velocity] = inputs as [Spec, Spec, Spec];
    return [param, velocity];
  },
  alias: [0, 2],
  variants: [
    updateVariant({
      name: "sgd",
      bindings: { p: "write f32", g: "read f32", u: "write f32", hyper: "read f32" },
      operands: { p: { output: 0 }, g: { input: 1 }, u: { output: 1 }, hyper: { input: 3 } },
      inputs: 4,
      body: wgsl`
fn update(i: u32) {
  let momentum = hyper[1];
  let d = gradient_scale() * g[i] + hyper[4] * p[i];
  let u_new = momentum * u[i] + d;
  p[i] -= hyper[0] * select(u_new, d + momentum * u_new, hyper[2] > 0.0);
  u[i] = u_new;
}
`,
    }),
  ],
});
