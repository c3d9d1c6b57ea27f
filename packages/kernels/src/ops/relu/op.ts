/**
 * Rectified linear units: relu(x) = max(x, 0), relu6(x) = min(max(x, 0), 6).
 *
 * Shapes   x f32 of any shape -> y of the same shape
 * Source   relu6: Howard et al. 2017, MobileNets
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { type Activation, activationCode } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";
import { activateValue } from "../../wgsl/width.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "relu/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: { activation: "u32" },
  functions: [activateValue],
  body: wgsl`
fn element(i: u32) {
  y[i] = activate_value(x[i], args.activation);
}
`,
});

function activationOp(name: Exclude<Activation, "none">): Op<NoParams> {
  return defineOp<NoParams>({
    name,
    ends: name,
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
      elementwiseVariant(kernels, () => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: { activation: activationCode[name] },
      })),
    ],
  });
}

export const relu: Op<NoParams> = /* @__PURE__ */ activationOp("relu");
export const relu6: Op<NoParams> = /* @__PURE__ */ activationOp("relu6");
