/**
 * Gradient of adaptiveAveragePool: dx[i] = sum of dy[o] / (elements of window o) over the windows o that hold i.
 *
 * Shapes   dy f32 [N, OH, OW, C] -> dx [N, H, W, C]
 * Method   each input looks at the windows that hold it, so sums have a fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { sizeArgs, sizeArgTypes, spanOf } from "./windows.js";

export interface AdaptiveAveragePoolGradParams {
  /** [H, W] */
  readonly inputSize: readonly [number, number];
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "adaptiveAveragePoolGrad/plain",
  bindings: { dy: "read wide", dx: "write wide" },
  args: sizeArgTypes,
  functions: [spanOf],
  body: wgsl`
fn element(i: u32) {
  let pixel = i / args.channels;
  let line = pixel / args.width;
  let rows = span_of(line % args.height, args.height, args.outHeight);
  let columns = span_of(pixel % args.width, args.width, args.outWidth);
  let image = line / args.height * args.outHeight;
  var sum = Value();
  for (var row = rows.x; row < rows.y; row++) {
    let high = span_of(row, args.outHeight, args.height);
    for (var column = columns.x; column < columns.y; column++) {
      let wide = span_of(column, args.outWidth, args.width);
      sum += dy[((image + row) * args.outWidth + column) * args.channels + i % args.channels] / f32((high.y - high.x) * (wide.y - wide.x));
    }
  }
  dx[i] = sum;
}
`,
});

export const adaptiveAveragePoolGrad: Op<AdaptiveAveragePoolGradParams> =
  /* @__PURE__ */ defineOp<AdaptiveAveragePoolGradParams>({
    name: "adaptiveAveragePoolGrad",
    infer(inputs, { inputSize }) {
      const [dy] = inputs as [Spec];
      check(
        inputs.length === 1 && dy.dtype === "f32" && dy.shape.length === 4,
        "E_SHAPE",
        () =>
          `adaptiveAveragePoolGrad: expects one f32 input [N, OH, OW, C], found ${inputs.map(formatSpec).join(", ")}`,
      );
      return [f32(dy.shape[0]!, ...inputSize, dy.shape[3]!)];
    },
    variants: [
      elementwiseVariant(
        kernels,
        ({ inputs: [dy], outputs: [dx] }, width) => ({
          bind: { dy: { input: 0 }, dx: { output: 0 } },
          args: sizeArgs(dx!.shape, dy!.shape, width),
        }),
        (problem) => ({ ...perChannel(problem), loops: true }),
      ),
    ],
  });
