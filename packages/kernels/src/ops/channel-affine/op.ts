/**
 * Scale and shift per channel, what a frozen batch norm becomes: y[.., c] = x[.., c] * scale[c] + shift[c].
 *
 * Shapes   x f32 [.., C], scale and shift f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "channelAffine/plain",
  bindings: { x: "read wide", scale: "read wide", shift: "read wide", y: "write wide" },
  args: { channels: "u32" },
  body: wgsl`
fn element(i: u32) {
  let c = i % args.channels;
  y[i] = x[i] * scale[c] + shift[c];
}
`,
});

export const channelAffine: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "channelAffine",
  infer(inputs) {
    const [x, ...perChannel] = inputs as [Spec, ...Spec[]];
    check(
      inputs.length === 3 &&
        inputs.every((s) => s.dtype === "f32") &&
        perChannel.every((s) => s.shape.length === 1 && s.shape[0] === x.shape.at(-1)),
      "E_SHAPE",
      () => `channelAffine: expects f32 x [.., C], scale [C] and shift [C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs }, width) => ({
        bind: { x: { input: 0 }, scale: { input: 1 }, shift: { input: 2 }, y: { output: 0 } },
        args: { channels: inputs[1]!.shape[0]! / width },
      }),
      perChannel,
    ),
  ],
});
