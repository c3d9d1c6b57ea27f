/**
 * Gradient of a convolution's weight with one thread per element and part of the lines of dy; neighbouring threads take
 * neighbouring output channels. Every geometry, with groups.
 *
 *   parts[part, ky, kx, c, oc] = sum over n, oy of the part and ox of x[n, oy*sy + ky*dy - py, ox*sx + kx*dx - px, first + c] * dy[n, oy, ox, oc]
 *
 * where `first` is the first channel of oc's group. Unsigned arithmetic wraps, so a coordinate left of or above the picture
 * is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { lowerSplit, splitLines } from "../../variants/split-sum.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "conv2dWeightGrad/plain",
  bindings: { x: "read f32", grad: "read f32", y: "write f32" },
  args: {
    ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kw: "u32" },
    ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32", groups: "u32" },
    ...{ size: "u32", lines: "u32", parts: "u32", linesPerPart: "u32" },
  },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  // Invocation i = part * size + element.
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let part = i / args.size;
  if (part >= args.parts) { return; }
  let oc = i % args.oc;
  let row = i % args.size / args.oc;
  let channels = args.c / args.groups;
  let c = oc / (args.oc / args.groups) * channels + row % channels;
  let tap = row / channels;
  let y0 = tap / args.kw * args.dy - args.py;
  let x0 = tap % args.kw * args.dx - args.px;
  let end = min((part + 1u) * args.linesPerPart, args.lines);
  var sum = 0.0;
  for (var line = part * args.linesPerPart; line < end; line++) {
    let ty = line % args.oh * args.sy + y0;
    if (ty >= args.h) { continue; }
    let xAt = (line / args.oh * args.h + ty) * args.w * args.c + c;
    var gradAt = line * args.ow * args.oc + oc;
    var tx = x0;
    for (var ox = 0u; ox < args.ow; ox++) {
      if (tx < args.w) { sum += x[xAt + tx * args.c] * grad[gradAt]; }
      tx += args.sx;
      gradAt += args.oc;
    }
  }
  y[i] = sum;
}
`,
});

/** The plain variant of an op that is the weight gradient of one convolution. */
export const weightPlain = <P>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower(problem, caps) {
    const geometry = geometryOf(problem);
    const { n, c, oh, oc, kh, kw, groups } = geometry;
    const size = (kh * kw * c * oc) / groups;
    const lines = n * oh;
    const { parts, linesPerPart } = splitLines(lines, size, size, caps.software ? 4096 : 65536);
    return lowerSplit(caps, parts, size, (y) => [
      dispatch(kernel, caps, {
        threads: parts * size,
        bind: { x: { input: 0 }, grad: { input: 1 }, y },
        args: { ...geometry, size, lines, parts, linesPerPart },
      }),
    ]);
  },
});
