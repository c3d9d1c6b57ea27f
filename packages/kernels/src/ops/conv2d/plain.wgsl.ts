/**
 * Convolution with one thread per output; neighbouring threads take neighbouring channels. Every geometry, with groups.
 *
 *   y[n, oy, ox, oc] = activate(sum over ky, kx, c of x[n, oy*sy + ky*dy - py, ox*sx + kx*dx - px, first + c] * w[ky, kx, c, oc] + ...)
 *
 * where `first` is the first channel of oc's group. Unsigned arithmetic wraps, so a coordinate left of or above the picture
 * is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../../wgsl/source.js";
import type { ConvGeometry } from "./geometry.js";

const body = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let pixel = i / args.oc;
  let oc = i % args.oc;
  if (pixel >= args.n * args.oh * args.ow) { return; }
  let ox = pixel % args.ow;
  let oy = pixel / args.ow % args.oh;
  let image = pixel / (args.ow * args.oh);
  let channels = args.c / args.groups;
  let first = oc / (args.oc / args.groups) * channels;
  var sum = 0.0;
  for (var ky = 0u; ky < args.kh; ky++) {
    let ty = oy * args.sy + ky * args.dy - args.py;
    if (ty >= args.h) { continue; }
    for (var kx = 0u; kx < args.kw; kx++) {
      let tx = ox * args.sx + kx * args.dx - args.px;
      if (tx >= args.w) { continue; }
      let xAt = ((image * args.h + ty) * args.w + tx) * args.c + first;
      var wAt = (ky * args.kw + kx) * channels * args.oc + oc;
      for (var c = 0u; c < channels; c++) {
        sum += x[xAt + c] * w[wAt];
        wAt += args.oc;
      }
    }
  }
  y[i] = epilogue(sum * scale_of(oc) + bias_of(oc), i);
}
`;

const kernelFor = ({ bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "conv2d/plain",
    bindings: { x: "read f32", w: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", oc: "u32", kh: "u32", kw: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32" },
      ...{ groups: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body,
  });

/** The plain variant of an op that is one convolution. */
export const plain = <P extends EpilogueParams>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower(problem, caps) {
    const geometry = geometryOf(problem);
    const { n, oh, ow, oc } = geometry;
    const epilogue = epilogueOf(problem);
    return {
      dispatches: [
        dispatch(kernelFor(epilogue), caps, {
          threads: n * oh * ow * oc,
          bind: { x: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
          args: { ...geometry, activation: epilogue.activation },
        }),
      ],
    };
  },
});
