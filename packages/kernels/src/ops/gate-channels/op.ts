/**
 * Scales the channels of each picture by a gate of its own: y[n, h, w, c] = x[n, h, w, c] * gate[n, 0, 0, c].
 *
 * Shapes   x f32 [N, H, W, C], gate f32 [N, 1, 1, C] -> y [N, H, W, C]
 * Source   the excitation of Hu et al. 2017, Squeeze-and-Excitation Networks
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "gateChannels/plain",
  bindings: { x: "read wide", gate: "read wide", y: "write wide" },
  args: { channels: "u32", picture: "u32" },
  body: wgsl`
fn element(i: u32) {
  y[i] = x[i] * gate[i / args.picture * args.channels + i % args.channels];
}
`,
});

export const gateChannels: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "gateChannels",
  infer(inputs) {
    const [x, gate] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 &&
        x.dtype === "f32" &&
        x.shape.length === 4 &&
        sameSpec(gate, f32(x.shape[0]!, 1, 1, x.shape[3]!)),
      "E_SHAPE",
      () =>
        `gateChannels: expects f32 x [N, H, W, C] and gate [N, 1, 1, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs: [x] }, width) => {
        const [, h, w, c] = x!.shape as [number, number, number, number];
        const channels = c / width;
        return {
          bind: { x: { input: 0 }, gate: { input: 1 }, y: { output: 0 } },
          args: { channels, picture: h * w * channels },
        };
      },
      perChannel,
    ),
  ],
});
