/**
 * Elementwise product: y = a * b.
 *
 * Shapes   a and b f32 of one shape -> y of that shape
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "multiply/plain",
  bindings: { a: "read wide", b: "read wide", y: "write wide" },
  args: {},
  body: wgsl`
fn element(i: u32) {
  y[i] = a[i] * b[i];
}
`,
});

export const multiply: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "multiply",
  infer(inputs) {
    const [a, b] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 && a.dtype === "f32" && sameSpec(a, b),
      "E_SHAPE",
      () => `multiply: expects two f32 inputs of one shape, found ${inputs.map(formatSpec).join(" and ")}`,
    );
    return [a];
  },
  variants: [
    elementwiseVariant(kernels, () => ({ bind: { a: { input: 0 }, b: { input: 1 }, y: { output: 0 } }, args: {} })),
  ],
});
