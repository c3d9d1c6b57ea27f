/**
 * Exponential moving average of parameters, in place: a' = a + (1 - decay) * (p - a).
 *
 * Shapes   average and param f32 of one shape; hyper f32 [12], where hyper[9] is the decay; norm f32 [1], the squared norm of all
 *          gradients -> a', which overwrites average. Nothing is touched when the norm is not finite, as by the update before it.
 * Method   the difference keeps an average that equals its parameter bit for bit, so one of frozen elements never moves
 * Source   Polyak and Juditsky 1992, with exponential weights
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernel, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { HYPER_SPEC } from "../../variants/update-variant.js";
import { isFiniteFloat } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ elementwiseKernel({
  name: "updateAverage/plain",
  bindings: { average: "write f32", param: "read f32", hyper: "read f32", norm: "read f32" },
  args: {},
  functions: [isFiniteFloat],
  body: wgsl`
fn element(i: u32) {
  if (!is_finite(norm[0])) { return; }
  average[i] += (1.0 - hyper[9]) * (param[i] - average[i]);
}
`,
});

export const updateAverage: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "updateAverage",
  infer(inputs) {
    const [average, param, hyper, norm] = inputs as [Spec, Spec, Spec, Spec];
    check(
      inputs.length === 4 &&
        average.dtype === "f32" &&
        sameSpec(average, param) &&
        sameSpec(hyper, HYPER_SPEC) &&
        sameSpec(norm, f32(1)),
      "E_SHAPE",
      () =>
        `updateAverage: expects average and param f32 of one shape, hyper ${formatSpec(HYPER_SPEC)} and norm f32[1], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [average];
  },
  alias: [0],
  variants: [
    elementwiseVariant(kernel, () => ({
      bind: { average: { output: 0 }, param: { input: 1 }, hyper: { input: 2 }, norm: { input: 3 } },
      args: {},
    })),
  ],
});
