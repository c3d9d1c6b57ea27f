/**
 * Depthwise convolution: every channel is convolved with its own kernel.
 *
 *   y[n, oh, ow, c] = activate(sum over kh, kw of x[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * w[kh, kw, 0, c] * scale[c] + bias[c] + residual[n, oh, ow, c])
 *
 * Shapes   x [N, H, W, C], w [KH, KW, 1, C], then the extras: scale and bias [C], residual like y, all f32 -> y [N, OH, OW, C]
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { defineOp, type Op, type Problem } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { checkExtras } from "../../wgsl/epilogue.js";
import { type ConvGeometry, convGeometry, type WindowParams } from "../conv2d/geometry.js";
import { plain } from "../conv2d/plain.wgsl.js";
import { strip } from "./strip.wgsl.js";

/** A depthwise convolution is one with a group for each channel. */
const geometry = (x: Spec, w: Spec, params: WindowParams): ConvGeometry =>
  convGeometry("depthwiseConv2d", x, w, { ...params, groups: x.shape[3] ?? 1 });

const geometryOf = ({ inputs, params }: Problem<WindowParams>): ConvGeometry =>
  geometry(inputs[0]!, inputs[1]!, params);

export const depthwiseConv2d: Op<WindowParams> = /* @__PURE__ */ defineOp<WindowParams>({
  name: "depthwiseConv2d",
  infer(inputs, params) {
    check(
      inputs.length >= 2,
      "E_SHAPE",
      () => `depthwiseConv2d: expects x, w and perhaps scale, bias and residual, found ${inputs.length} inputs`,
    );
    const [x, w] = inputs as [Spec, Spec];
    const c = x.shape[3] ?? 1;
    check(
      w.shape.length === 4 && w.shape[2] === 1 && w.shape[3] === c,
      "E_SHAPE",
      () => `depthwiseConv2d: expected a weight [KH, KW, 1, ${c}] (C of ${formatSpec(x)}), found ${formatSpec(w)}`,
    );
    const { n, oh, ow } = geometry(x, w, params);
    const y = f32(n, oh, ow, c);
    checkExtras("depthwiseConv2d", ["scale", "bias", "residual"], inputs, params, y);
    return [y];
  },
  variants: [strip(geometryOf), plain(geometryOf)],
});
