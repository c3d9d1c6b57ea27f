/**
 * Activations that are no rectifiers.
 *
 *   sigmoid(x) = 1 / (1 + exp(-x))               silu(x) = x sigmoid(x)
 *   hardSigmoid(x) = min(max(x + 3, 0), 6) / 6   hardSwish(x) = x hardSigmoid(x)
 *
 * Shapes   x f32 of any shape -> y of the same shape
 * Method   exp of what is not positive, which cannot overflow: WGSL may assume that there is no infinity
 * Source   silu: Elfwing et al. 2017; hardSigmoid, hardSwish: Howard et al. 2019, Searching for MobileNetV3
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const body = wgsl`
fn element(i: u32) {
  y[i] = activate(x[i], 0u);
}
`;

/** The op whose text is `activate`: of values here, of numbers in epilogues. */
function curveOp(name: string, activate: string): Op<NoParams> {
  const kernels = elementwiseKernels({
    name: `${name}/plain`,
    bindings: { x: "read wide", y: "write wide" },
    args: {},
    functions: [activate],
    body,
  });
  return defineOp<NoParams>({
    name,
    ends: { name, wgsl: activate.replaceAll("Value", "f32"), toJSON: () => name },
    infer(inputs) {
      const [x] = inputs as [Spec];
      check(
        inputs.length === 1 && x.dtype === "f32",
        "E_SHAPE",
        () => `${name}: expects one f32 input, found ${inputs.map(formatSpec).join(", ")}`,
      );
      return [x];
    },
    variants: [elementwiseVariant(kernels, () => ({ bind: { x: { input: 0 }, y: { output: 0 } }, args: {} }))],
  });
}

export const sigmoid: Op<NoParams> = /* @__PURE__ */ curveOp(
  "sigmoid",
  wgsl`
fn activate(v: Value, activation: u32) -> Value {
  let e = exp(-abs(v));
  return select(Value(1.0), e, v < Value()) / (1.0 + e);
}
`,
);
export const silu: Op<NoParams> = /* @__PURE__ */ curveOp(
  "silu",
  wgsl`
fn activate(v: Value, activation: u32) -> Value {
  let e = exp(-abs(v));
  return select(v, v * e, v < Value()) / (1.0 + e);
}
`,
);
export const hardSigmoid: Op<NoParams> = /* @__PURE__ */ curveOp(
  "hardSigmoid",
  wgsl`
fn activate(v: Value, activation: u32) -> Value {
  let low = select(v + 3.0, Value(), v < Value(-3.0));
  return select(low, Value(6.0), low > Value(6.0)) / 6.0;
}
`,
);
export const hardSwish: Op<NoParams> = /* @__PURE__ */ curveOp(
  "hardSwish",
  wgsl`
fn activate(v: Value, activation: u32) -> Value {
  let low = select(v + 3.0, Value(), v < Value(-3.0));
  return v * (select(low, Value(6.0), low > Value(6.0)) / 6.0); // the product with 6 could overflow
}
`,
);
