/**
 * Mean of each channel over the whole picture: y[n, c] = sum over h, w of x[n, h, w, c] / (H * W).
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, C]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "globalAveragePool/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", channels: "u32", pixels: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local); // image * channels + channel
  if (i >= args.size) { return; }
  let first = i / args.channels * args.pixels * args.channels + i % args.channels;
  var sum = 0.0;
  for (var pixel = 0u; pixel < args.pixels; pixel++) { sum += x[first + pixel * args.channels]; }
  y[i] = sum / f32(args.pixels);
}
`,
});

export const globalAveragePool: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "globalAveragePool",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length === 4,
      "E_SHAPE",
      () => `globalAveragePool: expects one f32 input [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(x.shape[0]!, x.shape[3]!)];
  },
  variants: [
    plainVariant(kernel, ({ inputs }) => {
      const [n, h, w, channels] = inputs[0]!.shape as [number, number, number, number];
      return {
        threads: n * channels,
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: { size: n * channels, channels, pixels: h * w },
      };
    }),
  ],
});
