/**
 * Depthwise 3x3 convolution of stride 1 or 2: a thread walks along a strip of output rows, of one channel or four.
 *
 *   y[n, oy, ox, c] = epilogue(sum over ky, kx < 3 of x[n, oy*S + ky - PT, ox*S + kx - PL, c] * w[ky, kx, 0, c])
 *
 * Method   Loads are most of the cost on a software adapter, and less of it where one reads four channels. The input columns
 *          under the window stay in registers, so going on by one output loads S of them instead of three. Going along the rows
 *          reads memory in its order, as processors fetch it ahead. The first trips have no outputs: loads of their own before the loop would double the time that the text takes to compile.
 *          Neighbouring threads take neighbouring channels.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Problem, Variant, VariantSettings } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import type { ConvGeometry, WindowParams } from "../conv2d/geometry.js";
import {
  declareKept,
  each,
  KERNEL,
  leadOf,
  loadNext,
  locateRows,
  moveOn,
  type Strip,
  stripOf,
  stripSettings,
  valueUnder,
} from "./strip-columns.js";

/** The end of a value, whose first number is number `at` of y. */
export const ended = (width: Width, value: string, at: string): string =>
  `epilogue(${value}, ${at}${width === 1 ? "" : " * 4u"})`;

/** What a function of one channel reads for value `c`. */
export const ofChannel = (width: Width, read: string): string =>
  width === 1 ? `${read}(c)` : `vec4f(${[0, 1, 2, 3].map((p) => `${read}(c * 4u + ${p}u)`).join(", ")})`;

function body(strip: Strip): string {
  const { rows, width } = strip;
  const output = (i: number): string => {
    const taps = each(KERNEL * KERNEL, (t) => `${t === 0 ? "" : " + "}w${t} * ${valueUnder(strip, t, i)}`);
    return `
    if (oy + ${i}u < args.oh) { let sum = (${taps}) * scale_c + bias_c; let to = yAt + ${i}u * args.ow * args.c; y[to] = ${ended(width, "sum", "to")}; }`;
  };
  const last = KERNEL * KERNEL - 1;
  const lead = leadOf(strip);
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
  ${each(KERNEL * KERNEL, (t) => `let w${t} = w[select(${t}u, ${last - t}u, args.turned == 1u) * args.c + c]; `)}
  ${locateRows(strip)}
  ${declareKept(strip)}
  let end = min(first + args.columns, args.ow);
  for (var trip = 0u; first + trip < end + ${lead}u; trip++) {
    let ox = first + trip - ${lead}u;
    ${loadNext(strip, "ox")}
    if (trip >= ${lead}u) {
      let yAt = ((image * args.oh + oy) * args.ow + ox) * args.c + c;
      ${each(rows, output)}
    }
    ${moveOn(strip)}
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
      ...{ across: "u32", down: "u32", columns: "u32", turned: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: () => body(strip),
  });

/** Can strips compute it: 3x3, undilated, of stride 1 or 2. */
export const fitsStrip = ({ kh, kw, sy, sx, dy, dx }: ConvGeometry): boolean =>
  kh === KERNEL && kw === KERNEL && sy === sx && sy <= 2 && dy === 1 && dx === 1;

export const settingsOf = ({ c, sy }: ConvGeometry, { software }: Capabilities): readonly VariantSettings[] =>
  stripSettings(software, c, sy);

/**
 * The launch over x, input 0, and w, input 1, with settings of `stripSettings`; `turned`: the kernel is taken turned by half a
 * turn.
 */
export function stripDispatch<P extends EpilogueParams>(
  problem: Problem<P>,
  caps: Capabilities,
  geometry: ConvGeometry,
  turned: boolean,
  settings: VariantSettings = settingsOf(geometry, caps)[0]!,
): Dispatch {
  const { n, oh, ow, sy } = geometry;
  const strip = stripOf(sy, settings);
  const c = geometry.c / strip.width;
  const epilogue = epilogueOf(problem, strip.width);
  // Long strips load each column once; a real GPU needs the threads more.
  const columns = Math.min(ow, caps.software ? 112 : 4);
  const across = Math.ceil(ow / columns);
  const down = Math.ceil(oh / strip.rows);
  return dispatch(kernelFor(strip, epilogue), caps, {
    threads: n * down * across * c,
    bind: { x: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
    args: { ...geometry, c, across, down, columns, turned: Number(turned), activation: epilogue.activation },
  });
}

export const strip = (geometryOf: (problem: Problem<WindowParams>) => ConvGeometry): Variant<WindowParams> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings) {
    return { dispatches: [stripDispatch(problem, caps, geometryOf(problem), false, settings)] };
  },
});
