/**
 * Adds a gradient to the sum of those before it, in place: sum' = first ? g : sum + g.
 *
 * Shapes   sum and g f32 of one shape; hyper f32 [12], where hyper[10] above zero says that a sum begins
 *          -> sum', which overwrites sum
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { HYPER_SPEC } from "../../variants/update-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "accumulate/plain",
  bindings: { sum: "write wide", g: "read wide", hyper: "read f32" },
  args: {},
  body: wgsl`
fn element(i: u32) {
  if (hyper[10] > 0.0) { sum[i] = g[i]; } else { sum[i] += g[i]; }
}
`,
});

export const accumulate: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "accumulate",
  infer(inputs) {
    const [sum, g, hyper] = inputs as [Spec, Spec, Spec];
    check(
      inputs.length === 3 && sum.dtype === "f32" && sameSpec(sum, g) && sameSpec(hyper, HYPER_SPEC),
      "E_SHAPE",
      () =>
        `accumulate: expects sum and g f32 of one shape and hyper ${formatSpec(HYPER_SPEC)}, found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [sum];
  },
  alias: [0],
  variants: [
    elementwiseVariant(kernels, () => ({
      bind: { sum: { output: 0 }, g: { input: 1 }, hyper: { input: 2 } },
      args: {},
    })),
  ],
});
