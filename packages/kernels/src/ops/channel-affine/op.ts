/**
 * Scale and shift per channel, what a frozen batch norm becomes: y[.., c] = x[.., c] * scale[c] + shift[c].
 *
 * Shapes   x f32 [.., C], scale and shift f32 [C] -> y [.., C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernel, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ elementwiseKernel({
  name: "channelAffine/plain",
  bindings: { x: "read f32", scale: "read f32", shift: "read f32", y: "write f32" },
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
    elementwiseVariant(kernel, ({ inputs }) => ({
      bind: { x: { input: 0 }, scale: { input: 1 }, shift: { input: 2 }, y: { output: 0 } },
      args: { channels: inputs[1]!.shape[0]! },
    })),
  ],
});
