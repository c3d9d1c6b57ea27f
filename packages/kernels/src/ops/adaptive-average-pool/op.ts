/**
 * Mean of windows that share out a picture of any size to one of a given size, as PyTorch's AdaptiveAvgPool2d.
 *
 *   y[n, oh, ow, c] = mean of x[n, h, w, c] over the window of (oh, ow), see windows.ts
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, OH, OW, C]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { sizeArgs, sizeArgTypes, spanOf } from "./windows.js";

export interface AdaptiveAveragePoolParams {
  /** [OH, OW] */
  readonly size: readonly [number, number];
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "adaptiveAveragePool/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: sizeArgTypes,
  functions: [spanOf],
  body: wgsl`
fn element(i: u32) {
  let pixel = i / args.channels;
  let line = pixel / args.outWidth;
  let rows = span_of(line % args.outHeight, args.outHeight, args.height);
  let columns = span_of(pixel % args.outWidth, args.outWidth, args.width);
  let image = line / args.outHeight * args.height;
  var sum = Value();
  for (var row = rows.x; row < rows.y; row++) {
    for (var column = columns.x; column < columns.y; column++) {
      sum += x[((image + row) * args.width + column) * args.channels + i % args.channels];
    }
  }
  y[i] = sum / f32((rows.y - rows.x) * (columns.y - columns.x));
}
`,
});

export const adaptiveAveragePool: Op<AdaptiveAveragePoolParams> = /* @__PURE__ */ defineOp<AdaptiveAveragePoolParams>({
  name: "adaptiveAveragePool",
  infer(inputs, { size }) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length === 4,
      "E_SHAPE",
      () => `adaptiveAveragePool: expects one f32 input [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(
      size.every((v) => Number.isSafeInteger(v) && v > 0),
      "E_USAGE",
      () => `adaptiveAveragePool: expects a size of positive whole numbers, found [${size}]`,
    );
    return [f32(x.shape[0]!, ...size, x.shape[3]!)];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs: [x], outputs: [y] }, width) => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: sizeArgs(x!.shape, y!.shape, width),
      }),
      (problem) => ({ ...perChannel(problem), loops: true }),
    ),
  ],
});
