/**
 * Scale per channel, the gradient of a channel-affine: y[.., c] = x[.., c] * scale[c].
 *
 * Shapes   x f32 [.., C], scale f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "channelScale/plain",
  bindings: { x: "read wide", scale: "read wide", y: "write wide" },
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
    elementwiseVariant(
      kernels,
      ({ inputs }, width) => ({
        bind: { x: { input: 0 }, scale: { input: 1 }, y: { output: 0 } },
        args: { channels: inputs[1]!.shape[0]! / width },
      }),
      perChannel,
    ),
  ],
});
