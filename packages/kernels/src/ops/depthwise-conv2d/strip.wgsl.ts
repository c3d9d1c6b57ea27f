/**
 * Depthwise 3x3 convolution of stride 1 or 2: a thread walks down a strip of seven output columns of one channel.
 *
 *   y[n, oy, ox, c] = activate(sum over ky, kx < 3 of x[n, oy*S + ky - PT, ox*S + kx - PL, c] * w[ky, kx, 0, c] + bias[c])
 *
 * Method   Loads are the whole cost on a software adapter. The input rows under the window stay in registers, so going down
 *          one output loads S rows of 7S - S + 3 values instead of three: 1.3 loads an output at stride 1 instead of nine.
 *          Neighbouring threads take neighbouring channels. Outside the picture a load reads element 0 and counts as zero;
 *          unsigned arithmetic wraps, so a coordinate left of or above the picture is larger than any extent.
 */
import type { Problem, Variant } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { epilogueFor } from "../../wgsl/epilogue.js";
import { activationCode, flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import type { ConvGeometry, WindowParams } from "../conv2d/geometry.js";

const KERNEL = 3;
const COLUMNS = 7; // divides 112, 56, 28, 14 and 7, the widths of networks for 224 pixels

const each = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/** Loads input row `y` (an expression) into v<ky>_0 .. of the window. */
const loadRow = (span: number, ky: number, y: string, declare: string): string => `
    let y${ky} = ${y};
    let on${ky} = y${ky} < args.h;
    let row${ky} = (image * args.h + select(0u, y${ky}, on${ky})) * args.w * args.c;
    ${each(span, (q) => `${declare} v${ky}_${q} = select(0.0, x[row${ky} + at${q}], on${ky} && inside${q}); `)}`;

function body(stride: number): string {
  const span = stride * (COLUMNS - 1) + KERNEL;
  const kept = KERNEL - stride;
  const output = (i: number): string => {
    const taps = each(KERNEL * KERNEL, (t) => {
      const kx = t % KERNEL;
      const ky = (t - kx) / KERNEL;
      return ` + w${t} * v${ky}_${i * stride + kx}`;
    });
    return `
    if (ox + ${i}u < args.ow) { y[yAt + ${i}u * args.c] = epilogue(start${taps}, 0u); }`;
  };
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
  let start = bias_of(c);
  ${each(KERNEL * KERNEL, (t) => `let w${t} = w[${t}u * args.c + c]; `)}
  ${each(
    span,
    (q) => `
  let x${q} = ox * ${stride}u + ${q}u - args.px;
  let inside${q} = x${q} < args.w;
  let at${q} = select(0u, x${q}, inside${q}) * args.c + c;`,
  )}
  ${each(kept, (ky) => loadRow(span, ky, `first * ${stride}u + ${ky}u - args.py`, "var"))}
  let end = min(first + args.rows, args.oh);
  for (var oy = first; oy < end; oy++) {
    ${each(stride, (s) => loadRow(span, kept + s, `oy * ${stride}u + ${kept + s}u - args.py`, "let"))}
    let yAt = ((image * args.oh + oy) * args.ow + ox) * args.c + c;
    ${each(COLUMNS, output)}
    ${each(kept, (ky) => each(span, (q) => `v${ky}_${q} = v${ky + stride}_${q}; `))}
  }
}
`;
}

function kernelFor(stride: number, inputs: number): Kernel {
  const { bindings, functions } = epilogueFor(inputs);
  return defineKernel({
    name: "depthwiseConv2d/strip",
    bindings: { x: "read f32", w: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...{ across: "u32", down: "u32", rows: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: body(stride),
  });
}

export const strip = (geometryOf: (problem: Problem<WindowParams>) => ConvGeometry): Variant<WindowParams> => ({
  name: "strip",
  fits(problem) {
    const { kh, kw, sy, sx, dy, dx } = geometryOf(problem);
    return kh === KERNEL && kw === KERNEL && sy === sx && sy <= 2 && dy === 1 && dx === 1;
  },
  lower(problem, caps) {
    const geometry = geometryOf(problem);
    const { n, c, oh, ow, sy } = geometry;
    // Long strips load each row once; a real GPU needs the threads more.
    const rows = Math.min(oh, caps.software ? 28 : 4);
    const across = Math.ceil(ow / COLUMNS);
    const down = Math.ceil(oh / rows);
    return {
      dispatches: [
        dispatch(kernelFor(sy, problem.inputs.length), caps, {
          threads: n * down * across * c,
          bind: { x: { input: 0 }, w: { input: 1 }, bias: { input: 2 }, y: { output: 0 } },
          args: { ...geometry, across, down, rows, activation: activationCode[problem.params.activation] },
        }),
      ],
    };
  },
});
