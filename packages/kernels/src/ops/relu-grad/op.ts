/**
 * Gradients of the rectified linear units, from their results: dx = dy where y is strictly inside, else 0.
 *
 *   reluGrad: inside means y > 0;  relu6Grad: inside means 0 < y < 6
 *
 * Shapes   y and dy f32 of one shape -> dx of that shape
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import type { Activation } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "reluGrad/plain",
  bindings: { y: "read wide", dy: "read wide", dx: "write wide" },
  args: { top: "f32" },
  body: wgsl`
fn element(i: u32) {
  dx[i] = select(Value(), dy[i], (y[i] > Value()) & (y[i] < Value(args.top)));
}
`,
});

const LARGEST = 3.4028234663852886e38; // stands for no upper bound: WGSL may assume that there is no infinity

function gradientOp(of: Exclude<Activation, "none">, top: number): Op<NoParams> {
  const name = `${of}Grad`;
  return defineOp<NoParams>({
    name,
    gates: of,
    infer(inputs) {
      const [y, dy] = inputs as [Spec, Spec];
      check(
        inputs.length === 2 && y.dtype === "f32" && sameSpec(y, dy),
        "E_SHAPE",
        () => `${name}: expects two f32 inputs of one shape, found ${inputs.map(formatSpec).join(" and ")}`,
      );
      return [y];
    },
    variants: [
      elementwiseVariant(kernels, () => ({
        bind: { y: { input: 0 }, dy: { input: 1 }, dx: { output: 0 } },
        args: { top },
      })),
    ],
  });
}

export const reluGrad: Op<NoParams> = /* @__PURE__ */ gradientOp("relu", LARGEST);
export const relu6Grad: Op<NoParams> = /* @__PURE__ */ gradientOp("relu6", 6);
