/**
 * Gradient of globalAveragePool: dx[n, h, w, c] = dy[n, c] / (H * W).
 *
 * Shapes   dy f32 [N, C] -> dx [N, H, W, C]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

export interface GlobalAveragePoolGradParams {
  /** [H, W] */
  readonly size: readonly [number, number];
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "globalAveragePoolGrad/plain",
  bindings: { dy: "read f32", dx: "write f32" },
  args: { size: "u32", channels: "u32", pixels: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
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
        inputs.length === 1 && dy.dtype === "f32" && dy.shape.length === 2,
        "E_SHAPE",
        () => `globalAveragePoolGrad: expects one f32 input [N, C], found ${inputs.map(formatSpec).join(", ")}`,
      );
      return [f32(dy.shape[0]!, ...size, dy.shape[1]!)];
    },
    variants: [
      plainVariant(kernel, ({ inputs, outputs, params }) => {
        const size = sizeOf(outputs[0]!);
        return {
          threads: size,
          bind: { dy: { input: 0 }, dx: { output: 0 } },
          args: { size, channels: inputs[0]!.shape[1]!, pixels: params.size[0] * params.size[1] },
        };
      }),
    ],
  });
