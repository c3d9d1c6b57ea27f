/**
 * 8-bit pixels to normalised floats, dropping alpha: y[.., c] = (x[.., c] / 255 - mean[c]) / std[c].
 *
 * Shapes   x u8 [N, H, W, 4] -> y f32 [N, H, W, 3]
 * Method   computed as x * scale + offset with scale = 1 / (255 std) and offset = -mean / std
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

export interface NormalizeParams {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "normalizeImage/plain",
  bindings: { x: "read u32", y: "write f32" },
  args: {
    pixels: "u32",
    scaleRed: "f32",
    scaleGreen: "f32",
    scaleBlue: "f32",
    offsetRed: "f32",
    offsetGreen: "f32",
    offsetBlue: "f32",
  },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.pixels) { return; }
  let pixel = vec3f(unpack4xU8(x[i]).rgb);
  y[3u * i] = pixel.r * args.scaleRed + args.offsetRed;
  y[3u * i + 1u] = pixel.g * args.scaleGreen + args.offsetGreen;
  y[3u * i + 2u] = pixel.b * args.scaleBlue + args.offsetBlue;
}
`,
});

export const normalizeImage: Op<NormalizeParams> = /* @__PURE__ */ defineOp<NormalizeParams>({
  name: "normalizeImage",
  infer(inputs, { std }) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "u8" && x.shape.length === 4,
      "E_SHAPE",
      () => `normalizeImage: expects one u8 input [N, H, W, 4], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(
      std.every((v) => v > 0),
      "E_USAGE",
      () => `normalizeImage: std must be above 0, found [${std}]`,
    );
    return [f32(...x.shape.slice(0, 3), 3)];
  },
  variants: [
    plainVariant(kernel, ({ inputs, params: { mean, std } }) => {
      const [n, h, w] = inputs[0]!.shape as [number, number, number, number];
      const pixels = n * h * w;
      return {
        threads: pixels,
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: {
          pixels,
          scaleRed: 1 / (255 * std[0]),
          scaleGreen: 1 / (255 * std[1]),
          scaleBlue: 1 / (255 * std[2]),
          offsetRed: -mean[0] / std[0],
          offsetGreen: -mean[1] / std[1],
          offsetBlue: -mean[2] / std[2],
        },
      };
    }),
  ],
});
