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
import { formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

export interface BatchNormParams {
  /** Added to the variance. */
  readonly eps: number;
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "batchNorm/plain",
  bindings: {
    x: "read f32",
    weight: "read f32",
    bias: "read f32",
    mean: "read f32",
    variance: "read f32",
    y: "write f32",
  },
  args: { size: "u32", channels: "u32", eps: "f32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let c = i % args.channels;
  y[i] = (x[i] - mean[c]) * (weight[c] * inverseSqrt(variance[c] + args.eps)) + bias[c];
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
    plainVariant(kernel, ({ inputs, params }) => {
      const size = sizeOf(inputs[0]!);
      return {
        threads: size,
        bind: {
          x: { input: 0 },
          weight: { input: 1 },
          bias: { input: 2 },
          mean: { input: 3 },
          variance: { input: 4 },
          y: { output: 0 },
        },
        args: { size, channels: inputs[1]!.shape[0]!, eps: params.eps },
      };
    }),
  ],
});
