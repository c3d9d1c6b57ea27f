/**
 * Gradient of a convolution's input with one thread per element; neighbouring threads take neighbouring channels.
 * Every geometry, with groups.
 *
 *   dx[n, iy, ix, c] = sum over ky, kx, oc of dy[n, oy, ox, oc] * w[ky, kx, c - first channel, oc]
 *   where oy = (iy + py - ky * dy) / sy is whole, ox the same, and oc is of the group of c
 *
 * Method   Only every stepY-th tap meets a row, and from one to the next oy falls by backY: one search, then no division.
 *          Unsigned arithmetic wraps, so a coordinate left of or above the picture is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../../wgsl/source.js";
import { type ConvGeometry, phasesOf } from "../conv2d/geometry.js";

const kernelFor = ({ bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "conv2dInputGrad/plain",
    bindings: { grad: "read f32", w: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", kw: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32", groups: "u32" },
      ...{ stepY: "u32", stepX: "u32", backY: "u32", backX: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: wgsl`
const NO_TAP = 0xffffffffu;

/** The first tap under which input t - padding meets an output, and that output. */
fn first_tap(t: u32, stride: u32, dilation: u32, step: u32) -> vec2u {
  for (var k = 0u; k < step; k++) {
    if (k * dilation % stride == t % stride) { return vec2u(k, u32((i32(t) - i32(k * dilation)) / i32(stride))); }
  }
  return vec2u(NO_TAP, 0u);
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let pixel = i / args.c;
  let c = i % args.c;
  if (pixel >= args.n * args.h * args.w) { return; }
  let image = pixel / (args.w * args.h) * args.oh;
  let channels = args.c / args.groups;
  let outputs = args.oc / args.groups;
  let first = c / channels * outputs;
  let startY = first_tap(pixel / args.w % args.h + args.py, args.sy, args.dy, args.stepY);
  let startX = first_tap(pixel % args.w + args.px, args.sx, args.dx, args.stepX);
  var sum = 0.0;
  var oy = startY.y;
  for (var ky = startY.x; ky < args.kh; ky += args.stepY) {
    var ox = startX.y;
    for (var kx = startX.x; kx < args.kw; kx += args.stepX) {
      if (oy < args.oh && ox < args.ow) {
        let gradAt = ((image + oy) * args.ow + ox) * args.oc + first;
        let wAt = ((ky * args.kw + kx) * channels + c % channels) * args.oc + first;
        for (var oc = 0u; oc < outputs; oc++) { sum += grad[gradAt + oc] * w[wAt + oc]; }
      }
      ox -= args.backX;
    }
    oy -= args.backY;
  }
  y[i] = epilogue(sum * scale_of(c) + bias_of(c), i);
}
`,
  });

/** The plain variant of an op that is the input gradient of one convolution. */
export const inputPlain = <P extends EpilogueParams>(
  geometryOf: (problem: Problem<P>) => ConvGeometry,
): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower(problem, caps) {
    const geometry = geometryOf(problem);
    const epilogue = epilogueOf(problem);
    const { n, h, w, c, kh, kw, sy, sx, py, px, dy, dx } = geometry;
    const [down] = phasesOf(h, kh, sy, py, dy);
    const [across] = phasesOf(w, kw, sx, px, dx);
    const steps = {
      ...{ stepY: down!.tapStep, stepX: across!.tapStep },
      ...{ backY: down!.outStep, backX: across!.outStep },
    };
    return {
      dispatches: [
        dispatch(kernelFor(epilogue), caps, {
          threads: n * h * w * c,
          bind: { grad: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
          args: { ...geometry, ...steps, activation: epilogue.activation },
        }),
      ],
    };
  },
});
