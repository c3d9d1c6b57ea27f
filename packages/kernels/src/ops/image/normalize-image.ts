/**
 * 8-bit pixels to normalised floats, dropping alpha: y[.., c] = (x[.., c] / 255 - mean[c]) / std[c].
 *
 * Shapes   x u8 [N, H, W, 4] -> y f32 [N, H, W, 3]
 * Method   computed as x * scale + offset with scale = 1 / (255 std) and offset = -mean / std
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { pixelBytes } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";

export interface NormalizeParams {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const kernelsOf = (body: string) =>
  elementwiseKernels({
    name: "normalizeImage/plain",
    bindings: { x: "read u32", y: "write wide" },
    args: {
      scaleRed: "f32",
      scaleGreen: "f32",
      scaleBlue: "f32",
      offsetRed: "f32",
      offsetGreen: "f32",
      offsetBlue: "f32",
    },
    functions: [pixelBytes, normalized],
    body,
  });

const normalized = wgsl`
fn normalized(pixel: u32) -> vec3f {
  let scale = vec3f(args.scaleRed, args.scaleGreen, args.scaleBlue);
  return vec3f(bytes_of(x[pixel]).rgb) * scale + vec3f(args.offsetRed, args.offsetGreen, args.offsetBlue);
}
`;
const onePixel = wgsl`
fn element(i: u32) {
  let v = normalized(i);
  y[3u * i] = v.r;
  y[3u * i + 1u] = v.g;
  y[3u * i + 2u] = v.b;
}
`;
// Twelve numbers: three vectors.
const fourPixels = wgsl`
fn element(i: u32) {
  let a = normalized(4u * i);
  let b = normalized(4u * i + 1u);
  let c = normalized(4u * i + 2u);
  let d = normalized(4u * i + 3u);
  y[3u * i] = vec4f(a, b.r);
  y[3u * i + 1u] = vec4f(b.gb, c.rg);
  y[3u * i + 2u] = vec4f(c.b, d);
}
`;
const kernels = /* @__PURE__ */ (() => ({ 1: kernelsOf(onePixel)[1], 4: kernelsOf(fourPixels)[4] }))();

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
    elementwiseVariant(
      kernels,
      ({ params: { mean, std } }) => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: {
          scaleRed: 1 / (255 * std[0]),
          scaleGreen: 1 / (255 * std[1]),
          scaleBlue: 1 / (255 * std[2]),
          offsetRed: -mean[0] / std[0],
          offsetGreen: -mean[1] / std[1],
          offsetBlue: -mean[2] / std[2],
        },
      }),
      ({ inputs: [x] }) => ({ size: sizeOf(x!) / 4, alike: sizeOf(x!) / 4 }),
    ),
  ],
});
