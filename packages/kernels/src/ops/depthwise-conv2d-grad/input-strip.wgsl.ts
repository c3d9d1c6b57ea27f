/**
 * Gradient of the input of a depthwise 3x3 convolution of stride 2: a thread walks along a strip of pairs of rows, of one
 * channel or four, two columns at a time.
 *
 *   dx[2*m - py, 2*k - px]         = dy[m, k] * w[0, 0] + dy[m, k-1] * w[0, 2] + dy[m-1, k] * w[2, 0] + dy[m-1, k-1] * w[2, 2]
 *   dx[2*m - py, 2*k + 1 - px]     = dy[m, k] * w[0, 1] + dy[m-1, k] * w[2, 1]
 *   dx[2*m + 1 - py, 2*k - px]     = dy[m, k] * w[1, 0] + dy[m, k-1] * w[1, 2]
 *   dx[2*m + 1 - py, 2*k + 1 - px] = dy[m, k] * w[1, 1]
 *
 * Method   Four elements of dx share four of dy, and the column before stays in registers: one load for about four results.
 *          Neighbouring threads take neighbouring channels. Outside dy a load reads element 0 and counts as zero; unsigned
 *          arithmetic wraps, so a coordinate left of or above it is larger than any extent.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Problem, Variant, VariantSettings } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import { ended, fitsStrip, ofChannel } from "../depthwise-conv2d/strip.wgsl.js";
import { each, KERNEL, zeroOf } from "../depthwise-conv2d/strip-columns.js";

interface PairStrip {
  /** Pairs of rows: a pad of one makes 57, 29, 15 and 8 of the heights of networks for 224 pixels. */
  readonly pairs: number;
  /** Channels. */
  readonly width: Width;
}

function settingsOf({ c }: ConvGeometry, { software }: Capabilities): readonly VariantSettings[] {
  const single = { pairs: 8, width: 1 };
  if (c % 4 !== 0) return [single];
  const wide = [2, 3].map((pairs) => ({ pairs, width: 4 }));
  return software ? [...wide, single] : [single, ...wide];
}

/** Loads column `k` of dy into <name>0 .. */
const loadColumn = ({ pairs, width }: PairStrip, name: string, k: string, declare: string): string => `
    let ${name}Column = ${k};
    let ${name}On = ${name}Column < args.ow;
    let ${name}At = select(0u, ${name}Column, ${name}On) * args.c;
    ${each(pairs + 1, (q) => `${declare} ${name}${q} = select(${zeroOf(width)}, grad[at${q} + ${name}At], ${name}On & inside${q}); `)}`;

const store = (width: Width, i: number, odd: 0 | 1, sum: string): string => `
      if (top${i} + ${odd}u < args.h) { let sum = (${sum}) * scale_c + bias_c; let to = yAt + (top${i} + ${odd}u) * args.w * args.c; y[to] = ${ended(width, "sum", "to")}; }`;

const body = (strip: PairStrip): string => `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let strip = i / args.c;
  let first = strip % args.across * args.columns + args.px / 2u;
  let m = strip / args.across % args.down * ${strip.pairs}u + args.py / 2u;
  let image = strip / (args.across * args.down);
  if (image >= args.n) { return; }
  ${each(KERNEL * KERNEL, (t) => `let w${t} = w[${t}u * args.c + c]; `)}
  ${each(
    strip.pairs + 1,
    (q) => `
  let m${q} = m + ${q}u - 1u;
  let inside${q} = m${q} < args.oh;
  let at${q} = (image * args.oh + select(0u, m${q}, inside${q})) * args.ow * args.c + c;`,
  )}
  ${each(strip.pairs, (i) => `let top${i} = (m + ${i}u) * 2u - args.py; `)}
  let scale_c = ${ofChannel(strip.width, "scale_of")};
  let bias_c = ${ofChannel(strip.width, "bias_of")};
  ${loadColumn(strip, "before", "first - 1u", "var")}
  let end = min(first + args.columns, args.end);
  for (var k = first; k < end; k++) {
    ${loadColumn(strip, "here", "k", "let")}
    let left = k * 2u - args.px;
    if (left < args.w) {
      let yAt = (image * args.h * args.w + left) * args.c + c;
      ${each(strip.pairs, (i) => store(strip.width, i, 0, `here${i + 1} * w0 + before${i + 1} * w2 + here${i} * w6 + before${i} * w8`) + store(strip.width, i, 1, `here${i + 1} * w3 + before${i + 1} * w5`))}
    }
    if (left + 1u < args.w) {
      let yAt = (image * args.h * args.w + left + 1u) * args.c + c;
      ${each(strip.pairs, (i) => store(strip.width, i, 0, `here${i + 1} * w1 + here${i} * w7`) + store(strip.width, i, 1, `here${i + 1} * w4`))}
    }
    ${each(strip.pairs + 1, (q) => `before${q} = here${q}; `)}
  }
}
`;

const kernelFor = (strip: PairStrip, { bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "depthwiseConv2dInputGrad/strip",
    bindings: {
      ...{ grad: boundBy("read", strip.width), w: boundBy("read", strip.width) },
      ...bindings,
      y: boundBy("write", strip.width),
    },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...{ across: "u32", down: "u32", columns: "u32", end: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: () => body(strip),
  });

export const inputStrip = <P extends EpilogueParams>(
  geometryOf: (problem: Problem<P>) => ConvGeometry,
): Variant<P> => ({
  name: "strip",
  fits(problem) {
    const geometry = geometryOf(problem);
    return fitsStrip(geometry) && geometry.sy === 2;
  },
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!) {
    const geometry = geometryOf(problem);
    const { n, h, w, py, px } = geometry;
    const strip = settings as unknown as PairStrip;
    const c = geometry.c / strip.width;
    const epilogue = epilogueOf(problem, strip.width);
    /** Pairs of an axis: element e of x is of pair floor((e + pad) / 2). */
    const endOf = (extent: number, pad: number): number => Math.floor((extent - 1 + pad) / 2) + 1;
    const end = endOf(w, px);
    const count = end - Math.floor(px / 2);
    const columns = Math.min(count, caps.software ? 112 : 4);
    const across = Math.ceil(count / columns);
    const down = Math.ceil((endOf(h, py) - Math.floor(py / 2)) / strip.pairs);
    return {
      dispatches: [
        dispatch(kernelFor(strip, epilogue), caps, {
          threads: n * down * across * c,
          bind: { grad: { input: 0 }, w: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
          args: { ...geometry, c, across, down, columns, end, activation: epilogue.activation },
        }),
      ],
    };
  },
});
