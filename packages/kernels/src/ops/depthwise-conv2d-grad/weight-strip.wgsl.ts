/**
 * Gradient of the weight of a depthwise 3x3 convolution of stride 1 or 2: a thread walks along strips of output rows of
 * one channel, or of four, and holds the nine sums.
 *
 *   parts[part, ky, kx, c] = sum over n, oy, ox of the strips of the part of x[n, oy*S + ky - PT, ox*S + kx - PL, c] * dy[n, oy, ox, c]
 *
 * Method   As the forward kernel, columns of x stay in registers; each element of dy is loaded once for nine products.
 */
import type { Problem, Variant } from "../../op.js";
import { lowerSplit, splitLines } from "../../variants/split-sum.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { fitsStrip, settingsOf } from "../depthwise-conv2d/strip.wgsl.js";
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
  valueUnder,
  zeroOf,
} from "../depthwise-conv2d/strip-columns.js";

const TAPS = KERNEL * KERNEL;

function body(strip: Strip): string {
  const { rows, width } = strip;
  const zero = zeroOf(width);
  const lead = leadOf(strip);
  const add = (t: number): string =>
    `sum${t} += ${Array.from({ length: rows }, (_, i) => `g${i} * ${valueUnder(strip, t, i)}`).join(" + ")};\n    `;
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let part = i / args.c;
  if (part >= args.parts) { return; }
  ${each(TAPS, (t) => `var sum${t} = ${zero}; `)}
  let stripsEnd = min((part + 1u) * args.stripsPerPart, args.strips);
  for (var strip = part * args.stripsPerPart; strip < stripsEnd; strip++) {
    let first = strip % args.across * args.columns;
    let oy = strip / args.across % args.down * ${rows}u;
    let image = strip / (args.across * args.down);
    ${locateRows(strip)}
    ${declareKept(strip)}
    let end = min(first + args.columns, args.ow);
    for (var trip = 0u; first + trip < end + ${lead}u; trip++) {
      let ox = first + trip - ${lead}u;
      ${loadNext(strip, "ox")}
      if (trip >= ${lead}u) {
        let gradAt = ((image * args.oh + oy) * args.ow + ox) * args.c + c;
        ${each(rows, (i) => `let g${i} = select(${zero}, grad[gradAt + ${i}u * args.ow * args.c], oy + ${i}u < args.oh); `)}
        ${each(TAPS, add)}
      }
      ${moveOn(strip)}
    }
  }
  let yAt = part * ${TAPS}u * args.c + c;
  ${each(TAPS, (t) => `y[yAt + ${t}u * args.c] = sum${t}; `)}
}
`;
}

const kernelFor = (strip: Strip): Kernel =>
  defineKernel({
    name: "depthwiseConv2dWeightGrad/strip",
    bindings: {
      x: boundBy("read", strip.width),
      grad: boundBy("read", strip.width),
      y: boundBy("write", strip.width),
    },
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...{ across: "u32", down: "u32", columns: "u32", strips: "u32", parts: "u32", stripsPerPart: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex],
    body: () => body(strip),
  });

export const weightStrip = <P>(geometryOf: (problem: Problem<P>) => ConvGeometry): Variant<P> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!) {
    const geometry = geometryOf(problem);
    const { n, oh, ow, sy } = geometry;
    const strip = stripOf(sy, settings);
    const c = geometry.c / strip.width;
    const columns = Math.min(ow, caps.software ? 112 : 8);
    const across = Math.ceil(ow / columns);
    const down = Math.ceil(oh / strip.rows);
    const strips = n * down * across;
    const size = TAPS * geometry.c;
    const { parts, linesPerPart } = splitLines(strips, size, geometry.c, caps.software ? 4096 : 65536);
    return lowerSplit(caps, parts, size, (y) => [
      dispatch(kernelFor(strip), caps, {
        threads: parts * c,
        bind: { x: { input: 0 }, grad: { input: 1 }, y },
        args: { ...geometry, c, across, down, columns, strips, parts, stripsPerPart: linesPerPart },
      }),
    ]);
  },
});
