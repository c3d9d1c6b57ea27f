/**
 * Adds one number per channel: y[.., c] = x[.., c] + b[c].
 *
 * Shapes   x f32 [.., C], b f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "addBias/plain",
  bindings: { x: "read wide", b: "read wide", y: "write wide" },
  args: { channels: "u32" },
  body: wgsl`
fn element(i: u32) {
  y[i] = x[i] + b[i % args.channels];
}
`,
});

export const addBias: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "addBias",
  infer(inputs) {
    const [x, b] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 &&
        inputs.every((s) => s.dtype === "f32") &&
        b.shape.length === 1 &&
        x.shape.at(-1) === b.shape[0],
      "E_SHAPE",
      () => `addBias: expects f32 x [.., C] and b [C], found ${inputs.map(formatSpec).join(" and ")}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs }, width) => ({
        bind: { x: { input: 0 }, b: { input: 1 }, y: { output: 0 } },
        args: { channels: inputs[1]!.shape[0]! / width },
      }),
      perChannel,
    ),
  ],
});
