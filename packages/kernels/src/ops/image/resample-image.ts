/**
 * Resizes pictures along one axis by a table of fixed-point taps (`resampleTable`).
 *
 *   y[.., o, ..] = clip((2^21 + sum over t of weights[o, t] * x[.., starts[o] + t, ..]) >> 22, 0, 255)
 *
 * Resizing as Pillow does it is this op along the width and then along the height, with 8-bit pixels between. The four
 * channels are treated alike; alpha is not premultiplied.
 *
 * Shapes   x u8 [N, H, W, 4], starts u32 [size], weights i32 [size, taps] -> y u8 [N, size, W, 4] or [N, H, size, 4]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { formatSpec, type Spec, u8 } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { pixelBytes } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";
import { everyPixel } from "./every-pixel.js";
import { FRACTION_BITS } from "./resample-table.js";

export interface ResampleParams {
  readonly axis: "height" | "width";
  /** The new extent. */
  readonly size: number;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "resampleImage/plain",
  bindings: { x: "read u32", starts: "read u32", weights: "read i32", y: "write u32" },
  // Pixels as [outer, extent, inner] -> [outer, outExtent, inner].
  args: { extent: "u32", outExtent: "u32", inner: "u32", taps: "u32", fractionBits: "u32" },
  functions: [pixelBytes],
  // Taps beyond the picture have weight 0.
  body: wgsl`
fn element(i: u32) {
  let inner = i % args.inner;
  let o = i / args.inner % args.outExtent;
  let outer = i / args.inner / args.outExtent;
  var sum = vec4i(1 << (args.fractionBits - 1u));
  for (var t = 0u; t < args.taps; t++) {
    let at = min(starts[o] + t, args.extent - 1u);
    sum += weights[o * args.taps + t] * vec4i(bytes_of(x[(outer * args.extent + at) * args.inner + inner]));
  }
  y[i] = word_of(vec4u(clamp(sum >> vec4u(args.fractionBits), vec4i(0), vec4i(255))));
}
`,
});

export const resampleImage: Op<ResampleParams> = /* @__PURE__ */ defineOp<ResampleParams>({
  name: "resampleImage",
  infer(inputs, { axis, size }) {
    const [x, starts, weights] = inputs as [Spec, Spec, Spec];
    check(
      inputs.length === 3 &&
        x.dtype === "u8" &&
        x.shape.length === 4 &&
        starts.dtype === "u32" &&
        starts.shape.length === 1 &&
        starts.shape[0] === size &&
        weights.dtype === "i32" &&
        weights.shape.length === 2 &&
        weights.shape[0] === size,
      "E_SHAPE",
      () =>
        `resampleImage: expects x u8 [N, H, W, 4], starts u32 [${size}] and weights i32 [${size}, taps], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const [n, h, w] = x.shape as [number, number, number, number];
    return [axis === "height" ? u8(n, size, w, 4) : u8(n, h, size, 4)];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs, params: { axis, size } }) => {
        const [, h, w] = inputs[0]!.shape as [number, number, number, number];
        const [extent, inner] = axis === "height" ? [h, w] : [w, 1];
        return {
          bind: { x: { input: 0 }, starts: { input: 1 }, weights: { input: 2 }, y: { output: 0 } },
          args: { extent, outExtent: size, inner, taps: inputs[2]!.shape[1]!, fractionBits: FRACTION_BITS },
        };
      },
      everyPixel,
    ),
  ],
});
