/**
 * Batch normalisation with running statistics (its inference definition).
 *
 *   y[.., c] = (x[.., c] - mean[c]) * weight[c] / sqrt(var[c] + eps) + bias[c]
 *
 * Shapes   x f32 [.., C]; weight, bias, runningMean, runningVar f32 [C] -> y [.., C]
 * Source   Ioffe and Szegedy 2015, Batch Normalization
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

export interface BatchNormParams {
  /** Added to the variance. */
  readonly eps: number;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "batchNorm/plain",
  bindings: {
    x: "read wide",
    weight: "read wide",
    bias: "read wide",
    mean: "read wide",
    variance: "read wide",
    y: "write wide",
  },
  args: { channels: "u32", eps: "f32" },
  body: wgsl`
fn element(i: u32) {
  let c = i % args.channels;
  y[i] = (x[i] - mean[c]) * (weight[c] * inverseSqrt(variance[c] + Value(args.eps))) + bias[c];
}
`,
});

export const batchNorm: Op<BatchNormParams> = /* @__PURE__ */ defineOp<BatchNormParams>({
  name: "batchNorm",
  infer(inputs, { eps }) {
    const [x, ...perChannel] = inputs as [Spec, ...Spec[]];
    check(
      inputs.length === 5 &&
        inputs.every((s) => s.dtype === "f32") &&
        perChannel.every((s) => s.shape.length === 1 && s.shape[0] === x.shape.at(-1)),
      "E_SHAPE",
      () =>
        `batchNorm: expects f32 x [.., C] and weight, bias, running mean and running variance [C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(eps > 0, "E_USAGE", () => `batchNorm: eps must be above 0, found ${eps}`);
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs, params }, width) => ({
        bind: {
          x: { input: 0 },
          weight: { input: 1 },
          bias: { input: 2 },
          mean: { input: 3 },
          variance: { input: 4 },
          y: { output: 0 },
        },
        args: { channels: inputs[1]!.shape[0]! / width, eps: params.eps },
      }),
      perChannel,
    ),
  ],
});
