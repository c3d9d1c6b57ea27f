/**
 * Mixes every sample with a partner, as mixup and CutMix do.
 *
 *   y[n, h, w, c] = x[m, h, w, c]                                    inside the box of n
 *                 = share[n] * x[n, h, w, c] + (1 - share[n]) * x[m, h, w, c]      elsewhere, with m = partner[n]
 *
 * Shapes   x f32 [N, H, W, C]; partner u32 [N], each below N; share f32 [N]; box u32 [N, 4] = left, top, right, bottom in
 *          pixels, right and bottom outside -> y like x. mixup: empty boxes. CutMix: shares of 1.
 * Source   Zhang et al. 2018, mixup; Yun et al. 2019, CutMix
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec, u32 } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "mixSamples/plain",
  bindings: { x: "read wide", partner: "read u32", share: "read f32", box: "read u32", y: "write wide" },
  args: { height: "u32", width: "u32", channels: "u32" },
  body: wgsl`
fn element(i: u32) {
  let pixel = i / args.channels;
  let column = pixel % args.width;
  let row = pixel / args.width % args.height;
  let n = pixel / args.width / args.height;
  let perSample = args.height * args.width * args.channels;
  let other = x[partner[n] * perSample + i - n * perSample];
  let inside = column >= box[4u * n] && row >= box[4u * n + 1u] && column < box[4u * n + 2u] && row < box[4u * n + 3u];
  y[i] = select(share[n] * x[i] + (1.0 - share[n]) * other, other, inside);
}
`,
});

export const mixSamples: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "mixSamples",
  infer(inputs) {
    const [x, partner, share, box] = inputs as [Spec, Spec, Spec, Spec];
    check(
      inputs.length === 4 &&
        x.dtype === "f32" &&
        x.shape.length === 4 &&
        sameSpec(partner, u32(x.shape[0]!)) &&
        sameSpec(share, f32(x.shape[0]!)) &&
        sameSpec(box, u32(x.shape[0]!, 4)),
      "E_SHAPE",
      () =>
        `mixSamples: expects x f32[N, H, W, C], partner u32[N], share f32[N] and box u32[N, 4], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs }, wide) => {
        const [, height, width, channels] = inputs[0]!.shape as [number, number, number, number];
        return {
          bind: {
            ...{ x: { input: 0 }, partner: { input: 1 }, share: { input: 2 }, box: { input: 3 } },
            y: { output: 0 },
          },
          args: { height, width, channels: channels / wide },
        };
      },
      perChannel,
    ),
  ],
});
