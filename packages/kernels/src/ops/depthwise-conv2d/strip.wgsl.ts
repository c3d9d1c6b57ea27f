/**
 * Depthwise 3x3 convolution of stride 1 or 2: a thread walks along a strip of output rows, of one channel or four.
 *
 *   y[n, oy, ox, c] = epilogue(sum over ky, kx < 3 of x[n, oy*S + ky - PT, ox*S + kx - PL, c] * w[ky, kx, 0, c])
 *
 * Method   Going along the rows reads memory in its order, as processors fetch it ahead. The input columns under the window stay
 *          in registers, so going on by one output loads S of them instead of three. The first trips have no outputs:
 *          loads of their own before the loop would double the time that the text takes to compile.
 *          Neighbouring threads take neighbouring channels.
 * Names    value q of column kx is v<kx>_<q>, and output row i of the strip meets value i * S + ky under tap ky. Extents count
 *          values.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Problem, Variant, VariantSettings } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, times } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import type { ConvGeometry, WindowParams } from "../conv2d/geometry.js";
import {
  fitsStrip,
  KERNEL,
  loadAt,
  locateColumn,
  locateRow,
  ofChannel,
  stripColumns,
  stripSettings,
  TAPS,
  zeroOf,
} from "./strip-parts.js";

interface Strip {
  readonly stride: number;
  /** Output rows. */
  readonly rows: number;
  /** Channels. */
  readonly width: Width;
}

function body({ stride, rows, width }: Strip): string {
  const zero = zeroOf(width);
  const span = stride * (rows - 1) + KERNEL; // values of a column
  const kept = KERNEL - stride; // columns that stay under the window
  const lead = Math.ceil(kept / stride); // outputs left of the first, whose columns the window keeps
  const eachKept = (text: (kx: number, q: number) => string): string =>
    times(kept, (kx) => times(span, (q) => text(kx, q)));
  const load = (kx: number): string =>
    locateColumn(`x${kx}`, `ox * ${stride}u + ${kx}u - args.px`, "w") +
    times(span, (q) => `let v${kx}_${q} = ${loadAt(width, "x", `y${q}`, `x${kx}`)}; `);
  const output = (i: number): string => {
    const taps = times(TAPS, (t) => {
      const kx = t % KERNEL;
      const ky = (t - kx) / KERNEL;
      return `${t === 0 ? "" : " + "}w${t} * v${kx}_${i * stride + ky}`;
    });
    return `
      if (oy + ${i}u < args.oh) { let sum = (${taps}) * scale_c + bias_c; let to = yAt + ${i}u * args.ow * args.c; y[to] = epilogue(sum, to * ${width}u); }`;
  };
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let strip = i / args.c;
  let first = strip % args.across * args.columns;
  let oy = strip / args.across % args.down * ${rows}u;
  let image = strip / (args.across * args.down);
  if (image >= args.n) { return; }
  let scale_c = ${ofChannel(width, "scale_of")};
  let bias_c = ${ofChannel(width, "bias_of")};
  ${times(TAPS, (t) => `let w${t} = w[${t}u * args.c + c]; `)}
  ${times(span, (q) => locateRow(`y${q}`, `oy * ${stride}u + ${q}u - args.py`, "h", "w"))}
  ${eachKept((kx, q) => `var v${kx}_${q} = ${zero}; `)}
  let end = min(first + args.columns, args.ow);
  for (var trip = 0u; first + trip < end + ${lead}u; trip++) {
    let ox = first + trip - ${lead}u;
    ${times(stride, (s) => load(kept + s))}
    if (trip >= ${lead}u) {
      let yAt = ((image * args.oh + oy) * args.ow + ox) * args.c + c;
      ${times(rows, output)}
    }
    ${eachKept((kx, q) => `v${kx}_${q} = v${kx + stride}_${q}; `)}
  }
}
`;
}

const kernelFor = (strip: Strip, { bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "depthwiseConv2d/strip",
    bindings: {
      ...{ x: boundBy("read", strip.width), w: boundBy("read", strip.width) },
      ...bindings,
      y: boundBy("write", strip.width),
    },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...{ across: "u32", down: "u32", columns: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: () => body(strip),
  });

const settingsOf = ({ c, sy }: ConvGeometry, { software }: Capabilities): readonly VariantSettings[] =>
  stripSettings(software, c, sy === 1 ? [2, 1] : [1, 2]);

export const strip = (geometryOf: (problem: Problem<WindowParams>) => ConvGeometry): Variant<WindowParams> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!) {
    const geometry = geometryOf(problem);
    const { n, oh, ow, sy: stride } = geometry;
    const strip = { stride, ...settings } as unknown as Strip;
    const c = geometry.c / strip.width;
    const epilogue = epilogueOf(problem, strip.width);
    const columns = stripColumns(caps.software, ow);
    const across = Math.ceil(ow / columns);
    const down = Math.ceil(oh / strip.rows);
    return {
      dispatches: [
        dispatch(kernelFor(strip, epilogue), caps, {
          threads: n * down * across * c,
          bind: { x: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
          args: { ...geometry, c, across, down, columns, activation: epilogue.activation },
        }),
      ],
    };
  },
});
