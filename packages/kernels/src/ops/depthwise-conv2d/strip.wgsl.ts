/**
 * Depthwise 3x3 convolution of stride 1 or 2: a thread walks down a strip of seven output columns of one channel.
 *
 *   y[n, oy, ox, c] = epilogue(sum over ky, kx < 3 of x[n, oy*S + ky - PT, ox*S + kx - PL, c] * w[ky, kx, 0, c])
 *
 * Method   Loads are the whole cost on a software adapter. The input rows under the window stay in registers, so going down
 *          one output loads S rows of 7S - S + 3 values instead of three: 1.3 loads an output at stride 1 instead of nine.
 *          Neighbouring threads take neighbouring channels.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Problem, Variant } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import type { ConvGeometry, WindowParams } from "../conv2d/geometry.js";
import { COLUMNS, each, KERNEL, loadKept, loadNext, locateColumns, moveUp } from "./strip-rows.js";

function body(stride: number): string {
  const output = (i: number): string => {
    const taps = each(KERNEL * KERNEL, (t) => {
      const kx = t % KERNEL;
      const ky = (t - kx) / KERNEL;
      return `${t === 0 ? "" : " + "}w${t} * v${ky}_${i * stride + kx}`;
    });
    return `
    if (ox + ${i}u < args.ow) { y[yAt + ${i}u * args.c] = epilogue((${taps}) * scale_c + bias_c, yAt + ${i}u * args.c); }`;
  };
  const last = KERNEL * KERNEL - 1;
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let strip = i / args.c;
  let ox = strip % args.across * ${COLUMNS}u;
  let first = strip / args.across % args.down * args.rows;
  let image = strip / (args.across * args.down);
  if (image >= args.n) { return; }
  let scale_c = scale_of(c);
  let bias_c = bias_of(c);
  ${each(KERNEL * KERNEL, (t) => `let w${t} = w[select(${t}u, ${last - t}u, args.turned == 1u) * args.c + c]; `)}
  ${locateColumns(stride)}
  ${loadKept(stride, "first")}
  let end = min(first + args.rows, args.oh);
  for (var oy = first; oy < end; oy++) {
    ${loadNext(stride, "oy")}
    let yAt = ((image * args.oh + oy) * args.ow + ox) * args.c + c;
    ${each(COLUMNS, output)}
    ${moveUp(stride)}
  }
}
`;
}

const kernelFor = (stride: number, { bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "depthwiseConv2d/strip",
    bindings: { x: "read f32", w: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...{ across: "u32", down: "u32", rows: "u32", turned: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: body(stride),
  });

/** Can strips compute it: 3x3, undilated, of stride 1 or 2. */
export const fitsStrip = ({ kh, kw, sy, sx, dy, dx }: ConvGeometry): boolean =>
  kh === KERNEL && kw === KERNEL && sy === sx && sy <= 2 && dy === 1 && dx === 1;

export interface Strips {
  readonly epilogue: Epilogue;
  /** Is the kernel taken turned by half a turn. */
  readonly turned: boolean;
}

/** The launch over x, input 0, and w, input 1. */
export function stripDispatch(caps: Capabilities, geometry: ConvGeometry, { epilogue, turned }: Strips): Dispatch {
  const { n, c, oh, ow, sy } = geometry;
  // Long strips load each row once; a real GPU needs the threads more.
  const rows = Math.min(oh, caps.software ? 28 : 4);
  const across = Math.ceil(ow / COLUMNS);
  const down = Math.ceil(oh / rows);
  return dispatch(kernelFor(sy, epilogue), caps, {
    threads: n * down * across * c,
    bind: { x: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
    args: { ...geometry, across, down, rows, turned: Number(turned), activation: epilogue.activation },
  });
}

export const strip = (geometryOf: (problem: Problem<WindowParams>) => ConvGeometry): Variant<WindowParams> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  lower(problem, caps) {
    const given = { epilogue: epilogueOf(problem), turned: false };
    return { dispatches: [stripDispatch(caps, geometryOf(problem), given)] };
  },
});
