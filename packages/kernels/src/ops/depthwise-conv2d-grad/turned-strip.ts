/**
 * Gradient of the input of a depthwise 3x3 convolution of stride 1: itself such a convolution, of dy with the kernel turned
 * by half a turn and 2 - pad before, which may be negative.
 */
import type { Problem, Variant } from "../../op.js";
import type { EpilogueParams } from "../../wgsl/epilogue.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { fitsStrip, settingsOf, stripDispatch } from "../depthwise-conv2d/strip.wgsl.js";

export const turnedStrip = <P extends EpilogueParams>(
  geometryOf: (problem: Problem<P>) => ConvGeometry,
): Variant<P> => ({
  name: "turned-strip",
  fits(problem) {
    const geometry = geometryOf(problem);
    return fitsStrip(geometry) && geometry.sy === 1;
  },
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings) {
    const geometry = geometryOf(problem);
    const { h, w, oh, ow, kh, kw, py, px } = geometry;
    const mirrored = { ...geometry, h: oh, w: ow, oh: h, ow: w, py: kh - 1 - py, px: kw - 1 - px };
    return { dispatches: [stripDispatch(problem, caps, mirrored, true, settings)] };
  },
});
