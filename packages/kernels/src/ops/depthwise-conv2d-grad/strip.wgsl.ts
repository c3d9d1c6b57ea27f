/**
 * Gradients of a depthwise 3x3 convolution of stride S = 1 or 2, with respect to its input, its weight or both: a thread walks
 * along strips of rows of x, S rows and columns at a time, of one channel or four.
 *
 *   dx[S*m + a - py, S*k + b - px] = end(sum over i, j of dy[m - i, k - j] * w[a + S*i, b + S*j] * scale)
 *   parts[part, a + S*i, b + S*j]  = sum over m, k of the strips of the part of x[S*m + a - py, S*k + b - px] * dy[m - i, k - j]
 *
 * Method   The elements of x at (m, k) meet one window of dy, whose columns stay in registers from step to step, for both
 *          gradients: each value of x and dy is loaded once for them. What gates dx is x, which is at hand where both are computed.
 *          Outside the picture a load reads element 0 and counts as zero; unsigned arithmetic wraps, so a coordinate left of or
 *          above it is larger than any extent.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Lowered, Operand, Problem, Variant, VariantSettings } from "../../op.js";
import { lowerSplit, splitLines } from "../../variants/split-sum.js";
import { dispatch } from "../../wgsl/dispatch.js";
import type { Epilogue } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { type BindingType, defineKernel, type Kernel } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import type { ConvGeometry } from "../conv2d/geometry.js";
import {
  each,
  fitsStrip,
  KERNEL,
  numberOf,
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
}

/** How dx ends: an epilogue, and the text for value `v` of number `at` where `g` is the value of x. */
export interface Ended extends Omit<Epilogue, "readsElements"> {
  readonly text: (v: string, at: string, g: string) => string;
}

/** Which gradients, and where their values lie. */
export interface Wanted {
  readonly name: string;
  readonly grad: Operand;
  /** Of the gradient with respect to the input. */
  readonly dx?: { readonly w: Operand; readonly dx: Operand; readonly end: Ended };
  /** Of the gradient with respect to the weight. */
  readonly dw?: { readonly x: Operand; readonly dw: Operand };
}

const settingsOf = ({ c }: ConvGeometry, { software }: Capabilities): readonly VariantSettings[] =>
  stripSettings(software, c, [1, 2]);

function body({ stride, rows, width }: GradStrip, end: Ended | undefined, ofWeight: boolean): string {
  const zero = zeroOf(width);
  const lead = Math.ceil(KERNEL / stride) - 1; // columns of dy that the window keeps
  const span = rows + lead;
  const eachElement = (text: (i: number, a: number, b: number) => string): string =>
    each(rows, (i) => each(stride, (a) => each(stride, (b) => text(i, a, b))));
  /** The products of the elements at parity (a, b) in row i of the strip: taps, and what they meet. */
  const products = (i: number, a: number, b: number): readonly (readonly [tap: number, value: string])[] =>
    Array.from({ length: TAPS }, (_, t) => [Math.floor(t / KERNEL), t % KERNEL] as const).flatMap(([ky, kx], t) =>
      ky % stride === a && kx % stride === b
        ? [[t, `v${(kx - b) / stride}_${i + lead - (ky - a) / stride}`] as const]
        : [],
    );
  const dx = (i: number, a: number, b: number): string => {
    const sum = products(i, a, b)
      .map(([t, value]) => `w${t} * ${value}`)
      .join(" + ");
    return end!.text(`(${sum}) * scale_c`, numberOf(width, "to"), `g${i}${a}${b}`);
  };
  const element = (i: number, a: number, b: number): string => `
        {
          let to = at${i}_${a} + column${b};
          ${ofWeight ? `g${i}${a}${b} = select(${zero}, x[to], in${i}_${a} & on${b});` : ""}
          ${end ? `if (in${i}_${a} & on${b}) { y[to] = ${dx(i, a, b)}; }` : ""}
        }`;
  const terms = Array.from({ length: TAPS }, (): string[] => []);
  eachElement((i, a, b) => {
    for (const [t, value] of products(i, a, b)) terms[t]!.push(`g${i}${a}${b} * ${value}`);
    return "";
  });
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  let c = i % args.c;
  let part = i / args.c;
  if (part >= args.parts) { return; }
  ${end ? `let scale_c = ${ofChannel(width, "scale_of")};${each(TAPS, (t) => ` let w${t} = w[${t}u * args.c + c];`)}` : ""}
  ${ofWeight ? each(TAPS, (t) => `var sum${t} = ${zero}; `) : ""}
  let stripsEnd = min((part + 1u) * args.stripsPerPart, args.strips);
  for (var strip = part * args.stripsPerPart; strip < stripsEnd; strip++) {
    let first = strip % args.across * args.columns + args.px / ${stride}u;
    let m = strip / args.across % args.down * ${rows}u + args.py / ${stride}u;
    let image = strip / (args.across * args.down);
    ${each(
      span,
      (q) => `
    let m${q} = m + ${q}u - ${lead}u;
    let inside${q} = m${q} < args.oh;
    let gradAt${q} = (image * args.oh + select(0u, m${q}, inside${q})) * args.ow * args.c + c;`,
    )}
    ${each(rows, (i) =>
      each(
        stride,
        (a) => `
    let y${i}_${a} = (m + ${i}u) * ${stride}u + ${a}u - args.py;
    let in${i}_${a} = y${i}_${a} < args.h;
    let at${i}_${a} = (image * args.h + select(0u, y${i}_${a}, in${i}_${a})) * args.w * args.c + c;`,
      ),
    )}
    ${each(lead, (j) => each(span, (q) => `var v${j + 1}_${q} = ${zero}; `))}
    let end = min(first + args.columns, args.end);
    for (var trip = 0u; first + trip < end + ${lead}u; trip++) {
      let k = first + trip - ${lead}u;
      let on = k < args.ow;
      let gradColumn = select(0u, k, on) * args.c;
      ${each(span, (q) => `let v0_${q} = select(${zero}, grad[gradAt${q} + gradColumn], on & inside${q}); `)}
      if (trip >= ${lead}u) {
        ${each(stride, (b) => `let x${b} = k * ${stride}u + ${b}u - args.px; let on${b} = x${b} < args.w; let column${b} = select(0u, x${b}, on${b}) * args.c; `)}
        ${ofWeight ? eachElement((i, a, b) => `var g${i}${a}${b} = ${zero}; `) : ""}
        ${eachElement(element)}
        ${ofWeight ? each(TAPS, (t) => `sum${t} += ${terms[t]!.join(" + ")};\n        `) : ""}
      }
      ${each(lead, (j) => each(span, (q) => `v${lead - j}_${q} = v${lead - j - 1}_${q}; `))}
    }
  }
  ${ofWeight ? `let partAt = part * ${TAPS}u * args.c + c;${each(TAPS, (t) => ` parts[partAt + ${t}u * args.c] = sum${t};`)}` : ""}
}
`;
}

function kernelFor(strip: GradStrip, { name, dx, dw }: Wanted): Kernel {
  const [read, write] = [boundBy("read", strip.width), boundBy("write", strip.width)];
  const bindings: Record<string, BindingType> = {
    grad: read,
    ...(dw && { x: read, parts: write }),
    ...(dx && { w: read, ...dx.end.bindings, y: write }),
  };
  return defineKernel({
    name: `${name}/strip`,
    bindings,
    args: {
      ...{ h: "u32", w: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32", across: "u32", down: "u32" },
      ...{ columns: "u32", end: "u32", strips: "u32", parts: "u32", stripsPerPart: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...(dx?.end.functions ?? [])],
    body: () => body(strip, dx?.end, dw !== undefined),
  });
}

/** The variant of an op that computes what is `wanted` of a problem, with `width` channels at once. */
export const gradStrip = <P>(
  geometryOf: (problem: Problem<P>) => ConvGeometry,
  wanted: (problem: Problem<P>, width: Width) => Wanted,
): Variant<P> => ({
  name: "strip",
  fits: (problem) => fitsStrip(geometryOf(problem)),
  settings: (problem, caps) => settingsOf(geometryOf(problem), caps),
  lower(problem, caps, settings = settingsOf(geometryOf(problem), caps)[0]!): Lowered {
    const geometry = geometryOf(problem);
    const { n, h, w, py, px, sy: stride } = geometry;
    const strip = { stride, ...settings } as GradStrip;
    const found = wanted(problem, strip.width);
    const { grad, dx, dw } = found;
    const c = geometry.c / strip.width;
    /** Steps of an axis: element e of x is of step floor((e + pad) / S). */
    const endOf = (extent: number, pad: number): number => Math.floor((extent - 1 + pad) / stride) + 1;
    const end = endOf(w, px);
    const count = end - Math.floor(px / stride);
    const columns = stripColumns(caps.software, count);
    const across = Math.ceil(count / columns);
    const down = Math.ceil((endOf(h, py) - Math.floor(py / stride)) / strip.rows);
    const strips = n * down * across;
    const size = TAPS * geometry.c;
    const { parts, linesPerPart: stripsPerPart } = dw
      ? splitLines(strips, size, geometry.c, caps.software ? 16384 : 65536)
      : { parts: strips, linesPerPart: 1 };
    const launch = (to?: Operand) =>
      dispatch(kernelFor(strip, found), caps, {
        threads: parts * c,
        bind: {
          grad,
          ...(dw && { x: dw.x, parts: to! }),
          ...(dx && { w: dx.w, ...dx.end.bind, y: dx.dx }),
        },
        args: {
          ...{ ...geometry, c, across, down, columns, end, strips, parts, stripsPerPart },
          activation: dx?.end.activation ?? 0,
        },
      });
    return dw ? lowerSplit(caps, parts, size, (to) => [launch(to)], { result: dw.dw }) : { dispatches: [launch()] };
  },
});
