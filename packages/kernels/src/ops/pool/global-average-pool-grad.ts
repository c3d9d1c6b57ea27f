/**
 * Gradient of globalAveragePool: dx[n, h, w, c] = dy[n, c] / (H * W).
 *
 * Shapes   dy f32 [N, C] or [N, 1, 1, C] -> dx [N, H, W, C]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

export interface GlobalAveragePoolGradParams {
  /** [H, W] */
  readonly size: readonly [number, number];
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "globalAveragePoolGrad/plain",
  bindings: { dy: "read wide", dx: "write wide" },
  args: { channels: "u32", pixels: "u32" },
  body: wgsl`
fn element(i: u32) {
  let image = i / args.channels / args.pixels;
  dx[i] = dy[image * args.channels + i % args.channels] / f32(args.pixels);
}
`,
});

export const globalAveragePoolGrad: Op<GlobalAveragePoolGradParams> =
  /* @__PURE__ */ defineOp<GlobalAveragePoolGradParams>({
    name: "globalAveragePoolGrad",
    infer(inputs, { size }) {
      const [dy] = inputs as [Spec];
      check(
        inputs.length === 1 && dy.dtype === "f32" && sizeOf(dy) === dy.shape[0]! * dy.shape.at(-1)!,
        "E_SHAPE",
        () => `globalAveragePoolGrad: expects one f32 input [N, .., C], found ${inputs.map(formatSpec).join(", ")}`,
      );
      return [f32(dy.shape[0]!, ...size, dy.shape.at(-1)!)];
    },
    variants: [
      elementwiseVariant(
        kernels,
        ({ inputs, params }, width) => ({
          bind: { dy: { input: 0 }, dx: { output: 0 } },
          args: { channels: inputs[0]!.shape.at(-1)! / width, pixels: params.size[0] * params.size[1] },
        }),
        perChannel,
      ),
    ],
  });
