/**
 * Gradients of the curves: dx = dy times the slope.
 *
 *   sigmoidGrad      y (1 - y)                     of the result y
 *   hardSigmoidGrad  1/6 where 0 < y < 1, else 0   of the result y
 *   siluGrad         s (1 + x (1 - s)), s = sigmoid(x)
 *   hardSwishGrad    (2 x + 3) / 6 within [-3, 3], 0 below, 1 above
 *
 * Shapes   x or y, and dy, f32 of one shape -> dx of that shape
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const body = wgsl`
fn element(i: u32) {
  dx[i] = dy[i] * slope(at[i]);
}
`;

function gradientOp(name: string, slope: string): Op<NoParams> {
  const kernels = elementwiseKernels({
    name: `${name}/plain`,
    bindings: { at: "read wide", dy: "read wide", dx: "write wide" },
    args: {},
    functions: [slope],
    body,
  });
  return defineOp<NoParams>({
    name,
    infer(inputs) {
      const [at, dy] = inputs as [Spec, Spec];
      check(
        inputs.length === 2 && at.dtype === "f32" && sameSpec(at, dy),
        "E_SHAPE",
        () => `${name}: expects two f32 inputs of one shape, found ${inputs.map(formatSpec).join(" and ")}`,
      );
      return [at];
    },
    variants: [
      elementwiseVariant(kernels, () => ({
        bind: { at: { input: 0 }, dy: { input: 1 }, dx: { output: 0 } },
        args: {},
      })),
    ],
  });
}

export const sigmoidGrad: Op<NoParams> = /* @__PURE__ */ gradientOp(
  "sigmoidGrad",
  wgsl`
fn slope(y: Value) -> Value {
  return y * (1.0 - y);
}
`,
);
export const hardSigmoidGrad: Op<NoParams> = /* @__PURE__ */ gradientOp(
  "hardSigmoidGrad",
  wgsl`
fn slope(y: Value) -> Value {
  return select(Value(), Value(1.0 / 6.0), (y > Value()) & (y < Value(1.0)));
}
`,
);
export const siluGrad: Op<NoParams> = /* @__PURE__ */ gradientOp(
  "siluGrad",
  wgsl`
fn slope(x: Value) -> Value {
  let e = exp(-abs(x));
  let isNegative = x < Value();
  let s = select(Value(1.0), e, isNegative) / (1.0 + e);
  let rest = select(e, Value(1.0), isNegative) / (1.0 + e); // 1 - s without cancellation
  return s * (1.0 + x * rest);
}
`,
);
export const hardSwishGrad: Op<NoParams> = /* @__PURE__ */ gradientOp(
  "hardSwishGrad",
  wgsl`
fn slope(x: Value) -> Value {
  let low = select((2.0 * x + 3.0) / 6.0, Value(), x < Value(-3.0));
  return select(low, Value(1.0), x > Value(3.0));
}
`,
);
