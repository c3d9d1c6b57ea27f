/**
 * Gradients of a depthwise 3x3 convolution of stride S = 1 or 2, with respect to its input, its weight or both: a thread walks
 * along strips of rows of x, S rows and columns at a time, of one channel or four.
 *
 *   dx[S*m + a - py, S*k + b - px] = end(sum over i, j of dy[m - i, k - j] * w[a + S*i, b + S*j] * scale)
 *   dw[part, a + S*i, b + S*j]     = sum over m, k of the strips of the part of x[S*m + a - py, S*k + b - px] * dy[m - i, k - j]
 *
 * With the weight's, also the sums of dx and of dy over all but the channels: of dy the values at (m - floor(py/S), k - floor(px/S)).
 *
 * Method   The elements of x at (m, k) meet one window of dy, whose columns stay in registers from step to step, for both
 *          gradients: each value of x and dy is loaded once for them. What gates dx is x, which is at hand where both are computed.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Lowered, Operand, Problem, Variant, VariantSettings } from "../../op.js";
import { lowerSplits, splitLines } from "../../variants/split-sum.js";
import { dispatch } from "../../wgsl/dispatch.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { type BindingType, defineKernel, type Kernel, times } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
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
} from "../depthwise-conv2d/strip-parts.js";

interface GradStrip {
  readonly stride: number;
  /** Times S rows of x. */
  readonly rows: number;
  /** Channels. */
  readonly width: Width;
  /** floor(pad / S), vertical and horizontal. */
  readonly shift: readonly [number, number];
}

/** Columns of dy that the window keeps from step to step, and lines of it above a strip. */
const leadOf = (stride: number): number => Math.ceil(KERNEL / stride) - 1;

/** Steps of an axis: element e of x is of step floor((e + pad) / S). */
const stepsOf = (extent: number, pad: number, stride: number): number => Math.floor((extent - 1 + pad) / stride) + 1;

/** Is every value of dy along an axis, in one step each, in the window at floor(pad / S). */
function seesAll(extent: number, outputs: number, pad: number, stride: number): boolean {
  const shift = Math.floor(pad / stride);
  return shift <= leadOf(stride) && outputs <= stepsOf(extent, pad, stride) - shift;
}

/** Can strips sum dy too. */
export const canSumGrad = ({ h, w, oh, ow, py, px, sy: stride }: ConvGeometry): boolean =>
  seesAll(h, oh, py, stride) && seesAll(w, ow, px, stride);

/** How dx ends: an epilogue, and the text for value `v` of number `at` where `g` is the value of x. */
interface Ended extends Omit<Epilogue, "readsElements"> {
  readonly text: (v: string, at: string, g: string) => string;
}

/** Which gradients, and where their values lie. */
interface Wanted {
  readonly name: string;
  readonly grad: Operand;
  /** How the gradient with respect to the input ends, which is output 0; the weight is input 1. */
  readonly end?: Ended;
  /** Of the gradient with respect to the weight. */
  readonly x?: Operand;
  /** Where it goes, "dw", and perhaps the sums of "dx" and "dy" over all but the channels. */
  readonly sums?: Readonly<Record<string, Operand>>;
}

const settingsOf = ({ c }: ConvGeometry, { software }: Capabilities): readonly VariantSettings[] =>
  stripSettings(software, c, [1, 2]);

function body({ stride, rows, width, shift }: GradStrip, { end, sums = {} }: Wanted): string {
  const { dw: ofWeight, ...others } = sums;
  const more = Object.keys(others);
  const zero = zeroOf(width);
  const lead = leadOf(stride);
  const span = rows + lead;
  /** Tap t belongs to the elements of one parity, and in row i of the strip meets one value of dy. */
  const taps = Array.from({ length: TAPS }, (_, t) => {
    const kx = t % KERNEL;
    const ky = (t - kx) / KERNEL;
    const [a, b] = [ky % stride, kx % stride];
    return { t, of: `${a}${b}`, meets: (i: number) => `v${(kx - b) / stride}_${i + lead - (ky - a) / stride}` };
  });
  const sum = (i: number, of: string): string =>
    taps.flatMap(({ t, of: own, meets }) => (own === of ? [`w${t} * ${meets(i)}`] : [])).join(" + ");
  const adds = (of: string, v: string): string => (of in others ? `sum_${of} += ${v}; ` : "");
  const element = (i: number, a: number, b: number): string => {
    const g = `g${i}${a}${b}`;
    return `
        ${ofWeight ? `let ${g} = ${loadAt(width, "x", `y${i}${a}`, `x${b}`)};` : ""}
        ${end ? `if (y${i}${a}In & x${b}On) { let to = y${i}${a}At + x${b}To; let v = ${end.text(`(${sum(i, `${a}${b}`)}) * scale_c`, `to * ${width}u`, g)}; y[to] = v; ${adds("dx", "v")} }` : ""}`;
  };
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let part = i / args.c;
  if (part >= args.parts) { return; }
  ${end ? `let scale_c = ${ofChannel(width, "scale_of")};${times(TAPS, (t) => ` let w${t} = w[${t}u * args.c + c];`)}` : ""}
  ${ofWeight ? times(TAPS, (t) => `var sum${t} = ${zero}; `) : ""}
  ${more.map((of) => `var sum_${of} = ${zero}; `).join("")}
  let stripsEnd = min((part + 1u) * args.stripsPerPart, args.strips);
  for (var strip = part * args.stripsPerPart; strip < stripsEnd; strip++) {
    let first = strip % args.across * args.columns + args.px / ${stride}u;
    let m = strip / args.across % args.down * ${rows}u + args.py / ${stride}u;
    let image = strip / (args.across * args.down);
    ${times(span, (q) => locateRow(`m${q}`, `m + ${q}u - ${lead}u`, "oh", "ow"))}
    ${times(rows, (i) => times(stride, (a) => locateRow(`y${i}${a}`, `(m + ${i}u) * ${stride}u + ${a}u - args.py`, "h", "w")))}
    ${times(lead, (j) => times(span, (q) => `var v${j + 1}_${q} = ${zero}; `))}
    let end = min(first + args.columns, args.end);
    for (var trip = 0u; first + trip < end + ${lead}u; trip++) {
      let k = first + trip - ${lead}u;
      ${locateColumn("k", "k", "ow")}
      ${times(span, (q) => `let v0_${q} = ${loadAt(width, "grad", `m${q}`, "k")}; `)}
      if (trip >= ${lead}u) {
        ${times(stride, (b) => locateColumn(`x${b}`, `k * ${stride}u + ${b}u - args.px`, "w"))}
        ${times(rows, (i) => times(stride, (a) => times(stride, (b) => element(i, a, b))))}
        ${times(rows, (i) => adds("dy", `v${shift[1]}_${i + lead - shift[0]}`))}
        ${ofWeight ? taps.map(({ t, of, meets }) => `sum${t} += ${times(rows, (i) => ` + g${i}${of} * ${meets(i)}`).slice(3)};`).join(" ") : ""}
      }
      ${times(lead, (j) => times(span, (q) => `v${lead - j}_${q} = v${lead - j - 1}_${q}; `))}
    }
  }
  ${ofWeight ? `let partAt = part * ${TAPS}u * args.c + c;${times(TAPS, (t) => ` dw[partAt + ${t}u * args.c] = sum${t};`)}` : ""}
  ${more.map((of) => `${of}[i] = sum_${of};`).join("")}
}
`;
}

function kernelFor(strip: GradStrip, wanted: Wanted): Kernel {
  const { name, end, x, sums = {} } = wanted;
  const [read, write] = [boundBy("read", strip.width), boundBy("write", strip.width)];
  const bindings: Record<string, BindingType> = {
    grad: read,
    ...(x && { x: read }),
    ...(end && { w: read, ...end.bindings, y: write }),
    ...Object.fromEntries(Object.keys(sums).map((of) => [of, write])),
  };
  return defineKernel({
    name: `${name}/strip`,
    bindings,
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32", across: "u32", down: "u32" },
      ...{ columns: "u32", end: "u32", strips: "u32", parts: "u32", stripsPerPart: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...(end?.functions ?? [])],
    body: () => body(strip, wanted),
  });
}

/** The variant of an op that computes what is `wanted` of a problem, with `width` channels at once. */
export const gradStrip = <P>(
  geometryOf: (problem: Problem<P>) => ConvGeometry,
  wantedOf: (problem: Problem<P>, width: Width) => Wanted,
): Variant<P> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!): Lowered {
    const geometry = geometryOf(problem);
    const { n, h, w, py, px, sy: stride } = geometry;
    const shift = [Math.floor(py / stride), Math.floor(px / stride)] as const;
    const strip = { stride, shift, ...settings } as unknown as GradStrip;
    const wanted = wantedOf(problem, strip.width);
    const { grad, end: ended, x, sums = {} } = wanted;
    const c = geometry.c / strip.width;
    const end = stepsOf(w, px, stride);
    const count = end - shift[1];
    const columns = stripColumns(caps.software, count);
    const across = Math.ceil(count / columns);
    const down = Math.ceil((stepsOf(h, py, stride) - shift[0]) / strip.rows);
    const strips = n * down * across;
    const results = Object.entries(sums).map(([of, to]) => ({ of, to, size: (of === "dw" ? TAPS : 1) * geometry.c }));
    const { parts, linesPerPart: stripsPerPart } = x
      ? splitLines(strips, TAPS * geometry.c, geometry.c, caps.software ? 16384 : 65536)
      : { parts: strips, linesPerPart: 1 };
    const launch = (to: readonly Operand[]) =>
      dispatch(kernelFor(strip, wanted), caps, {
        threads: parts * c,
        bind: {
          grad,
          ...(x && { x }),
          ...(ended && { w: { input: 1 }, ...ended.bind, y: { output: 0 } }),
          ...Object.fromEntries(results.map(({ of }, i) => [of, to[i]!])),
        },
        args: {
          ...{ ...geometry, c, across, down, columns, end, strips, parts, stripsPerPart },
          activation: ended?.activation ?? 0,
        },
      });
    return lowerSplits(caps, parts, results, (to) => [launch(to)]);
  },
});
