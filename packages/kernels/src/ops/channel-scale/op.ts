/**
 * Scale per channel, the gradient of a channel-affine: y[.., c] = x[.., c] * scale[c].
 *
 * Shapes   x f32 [.., C], scale f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernel, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ elementwiseKernel({
  name: "channelScale/plain",
  bindings: { x: "read f32", scale: "read f32", y: "write f32" },
  args: { channels: "u32" },
  body: wgsl`
fn element(i: u32) {
  y[i] = x[i] * scale[i % args.channels];
}
`,
});

export const channelScale: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "channelScale",
  infer(inputs) {
    const [x, scale] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 &&
        inputs.every((s) => s.dtype === "f32") &&
        scale.shape.length === 1 &&
        scale.shape[0] === x.shape.at(-1),
      "E_SHAPE",
      () => `channelScale: expects f32 x [.., C] and scale [C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(kernel, ({ inputs }) => ({
      bind: { x: { input: 0 }, scale: { input: 1 }, y: { output: 0 } },
      args: { channels: inputs[1]!.shape[0]! },
    })),
  ],
});
