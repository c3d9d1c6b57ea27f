/**
 * Expansion and depthwise 3x3 convolution of stride 1 or 2 in registers: a subgroup walks down a strip of the picture.
 *
 * Method   A trip expands two rows of 16 pixels, as a register tile of a matrix product: 32 rows, and a few columns of channels
 *          for each lane. The rows that the window shares with the next trip stay in registers, so that only what lies beside
 *          the strip is expanded twice. The expanded values are never stored: at few input channels that costs more than
 *          computing them.
 *          Outside the picture an expanded value is zero, whatever was computed; unsigned arithmetic wraps, so a coordinate
 *          left of or above it is larger than any extent.
 */
import type { Variant, VariantSettings } from "../../op.js";
import { hasTile } from "../../variants/tile-variant.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { activate } from "../../wgsl/functions.js";
import { perColumn, perRowPart, type ResultTile, sumProducts, TILE } from "../../wgsl/register-tile.js";
import { type ArgType, defineKernel, type Kernel, times } from "../../wgsl/source.js";
import { boundBy, type Width } from "../../wgsl/width.js";
import {
  bindingsOf,
  type ExpandDepthwiseParams,
  type ExpandDepthwiseProblem,
  type ExpandGeometry,
  endArgs,
  endsOf,
  geometryOf,
  isPointwise,
  readBiases,
} from "./geometry.js";

const KERNEL = 3;
const WIDTH = 16; // pixels of a row
const NEW = 2; // rows of a trip

/** Rows of outputs of a trip, and outputs of a row. */
const outRows = (stride: number): number => NEW / stride;
const outColumns = (stride: number): number => Math.floor((WIDTH - KERNEL) / stride) + 1;

/** Pixels of a row that outputs need. */
const spanOf = (stride: number): number => stride * (outColumns(stride) - 1) + KERNEL;

/** The sums of a trip. Where the expansion has a window, what a row of it covers lies side by side in x: one run of terms. */
const expand = (tile: ResultTile, pointwise: boolean, weight: (g: number, term: string) => string): string =>
  pointwise
    ? `
${perRowPart(tile, (p, i) => `let xAt${p} = ((image * args.h + min(line + (${i}) / ${WIDTH}u, args.h - 1u)) * args.w + min(left + (${i}) % ${WIDTH}u, args.w - 1u)) * args.k;`)}
${sumProducts(tile, "args.k", (p, k) => `x[xAt${p} + ${k}]`, weight, tile.width)}`
    : `
    for (var ky = 0u; ky < args.windowRows; ky++) {
${perRowPart(
  tile,
  (p, i) => `
      let y${p} = (line + (${i}) / ${WIDTH}u) * args.expandY + ky - args.expandTop;
      let reached${p} = y${p} < args.pictureHeight;
      let row${p} = (image * args.pictureHeight + select(0u, y${p}, reached${p})) * args.rowSize;
      let from${p} = ((left + (${i}) % ${WIDTH}u) * args.expandX - args.expandLeft) * args.k;`,
)}
${sumProducts(
  tile,
  "args.run",
  (p, k) =>
    `select(0.0, x[row${p} + select(0u, from${p} + ${k}, from${p} + ${k} < args.rowSize)], reached${p} && from${p} + ${k} < args.rowSize)`,
  (g, k) => weight(g, `(ky * args.run + ${k})`),
  tile.width,
)}
    }`;

function body(tile: ResultTile, stride: number, pointwise: boolean): string {
  const { width } = tile;
  const own = tile.columns / tile.lanes;
  const kept = KERNEL - stride;
  const span = spanOf(stride);
  const [down, across] = [outRows(stride), outColumns(stride)];
  const taps = KERNEL * KERNEL;
  /** Column j of the lane in what was loaded `width` columns at a time. */
  const part = (name: string, j: number): string => (width === 1 ? `${name}_${j}` : `${name}_${j >> 2}[${j % 4}]`);
  const load = (from: string, at: string): string => (width === 1 ? `${from}[${at}]` : `${from}[(${at}) / 4u]`);
  /** For all values of the first `rows` rows under the windows of a trip: value q of row r is v<r>_<q>. */
  const eachValue = (rows: number, text: (r: number, q: number, j: number) => string): string =>
    times(rows, (r) => times(span, (q) => times(own, (j) => text(r, q, j))));
  const output = (q: number, j: number): string => {
    const sum = times(taps, (t) => {
      const kx = t % KERNEL;
      const ky = (t - kx) / KERNEL;
      return `${t === 0 ? "" : " + "}${part(`w${t}`, j)} * v${ky}_${q * stride + kx}_${j}`;
    });
    return `activate(${sum} + bias${j}, args.activation)`;
  };
  const store = (q: number, g: number): string => {
    const outputs = times(width, (i) => `${i === 0 ? "" : ", "}${output(q, g * width + i)}`);
    const to = load("y", `at${g} + ${q}u * args.c`);
    return `if (ox + ${q}u < args.ow) { ${to} = ${width === 1 ? outputs : `vec4f(${outputs})`}; }\n`;
  };
  return `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = ${TILE};
  let column = tile % args.tileColumns * ${tile.columns}u;
  let strip = tile / args.tileColumns;
  let ox = strip % args.across * ${across}u;
  let first = strip / args.across % args.down * args.rows;
  let image = strip / (args.across * args.down);
  if (image >= args.n) { return; }
  let end = min(first + args.rows, args.oh);
  let row = 0u; // of the tile: every trip has one of its own
${perColumn(
  tile,
  (g, at) => `
  let on${g} = ${at} < args.c;
  let channel${g} = min(${at}, args.c - ${width}u);
  ${times(taps, (t) => `let w${t}_${g} = ${load("w", `${t}u * args.c + channel${g}`)}; `)}
  ${times(width, (i) => `let before${g * width + i} = expanded_bias_of(channel${g} + ${i}u); let bias${g * width + i} = bias_of(channel${g} + ${i}u); `)}`,
  width,
)}
  let left = ox * ${stride}u - args.px;
  ${times(span, (q) => `let column${q} = left + ${q}u < args.w; `)}
  ${eachValue(kept, (r, q, j) => `var v${r}_${q}_${j} = 0.0; `)}
  // The first trip, which has no outputs, expands what the window keeps; it is left out where that lies above the picture.
  let top = first * ${stride}u - args.py;
  let above = ${kept === 1 ? "top >= args.h" : "top + 1u >= args.h && top >= args.h"};
  for (var trip = select(0u, 1u, above); first + trip * ${down}u < end + ${down}u; trip++) {
    let line = top + trip * ${NEW}u - ${NEW - kept}u;
    ${times(tile.rows, (i) => times(own, (j) => `var c${i}_${j} = before${j}; `))}
${expand(tile, pointwise, (g, k) => load("expand", `${k} * args.c + channel${g}`))}
    ${times(NEW, (r) => `let inside${r} = line + ${r}u < args.h; `)}
    ${eachValue(NEW, (r, q, j) => `var v${kept + r}_${q}_${j} = select(0.0, activate(c${r * WIDTH + q}_${j}, args.expandedActivation), inside${r} & column${q}); `)}
    for (var o = 0u; o < args.outRows; o++) { // all rows of outputs in a line would take as long to compile as the rest
      let oy = first + (trip - 1u) * ${down}u + o;
${perColumn(
  tile,
  (g, at) => `
      if ((trip > 0u) & (oy < end) & on${g}) {
        let at${g} = ((image * args.oh + oy) * args.ow + ox) * args.c + ${at};
        ${times(across, (q) => store(q, g))}
      }`,
  width,
)}
      ${eachValue(kept + NEW - stride, (r, q, j) => `v${r}_${q}_${j} = v${r + stride}_${q}_${j}; `)}
    }
  }
}
`;
}

const windowArgs: Readonly<Record<string, ArgType>> = {
  ...{ pictureHeight: "u32", rowSize: "u32", windowRows: "u32", run: "u32" },
  ...{ expandY: "u32", expandX: "u32", expandTop: "u32", expandLeft: "u32" },
};

const kernelFor = (tile: ResultTile, stride: number, pointwise: boolean): Kernel =>
  defineKernel({
    name: "expandDepthwise/subgroup-strip",
    enable: ["subgroups"],
    bindings: {
      ...{ x: "read f32", expand: boundBy("read", tile.width), w: boundBy("read", tile.width) },
      ...{ expandedBias: "read f32", bias: "read f32", y: boundBy("write", tile.width) },
    },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", k: "u32", c: "u32", oh: "u32", ow: "u32", py: "u32", px: "u32" },
      ...(pointwise ? {} : windowArgs),
      ...{ across: "u32", down: "u32", rows: "u32", tileColumns: "u32", outRows: "u32" },
      ...endArgs,
    },
    workgroup: [tile.lanes, 1, 1],
    functions: [activate, readBiases],
    body: () => body(tile, stride, pointwise),
  });

/** Can strips compute it: 3x3, undilated, of stride 1 or 2. */
const fitsStrip = ({ kh, kw, sy, sx, dy, dx }: ExpandGeometry): boolean =>
  kh === KERNEL && kw === KERNEL && sy === sx && sy <= 2 && dy === 1 && dx === 1;

/** Are two thirds of the outputs of strips in use. */
const fillsStrips = ({ ow, sy }: ExpandGeometry): boolean =>
  3 * ow >= 2 * Math.ceil(ow / outColumns(sy)) * outColumns(sy);

/** `own` columns of each lane, `width` of them a load and a store. */
interface Strip {
  readonly own: number;
  readonly unroll: number;
  readonly width: Width;
}

const strip = (own: number, unroll: number, width: Width): Strip => ({ own, unroll, width });

/** More sums, or more text without vectors, take a software adapter many seconds to compile. */
const settingsFor = ({ c }: ExpandGeometry): readonly VariantSettings[] => {
  const narrow = strip(2, 2, 1);
  return (c % 4 === 0 ? [strip(4, 2, 4), strip(4, 1, 4), narrow] : [narrow]).map((s) => ({ ...s }));
};

const of = ({ inputs, params }: ExpandDepthwiseProblem): ExpandGeometry => geometryOf(inputs, params);

export const subgroupStrip: Variant<ExpandDepthwiseParams> = {
  name: "subgroup-strip",
  fits: (problem, caps) => hasTile(caps) && fitsStrip(of(problem)),
  suits: (problem, caps) => caps.software && fillsStrips(of(problem)),
  settings: (problem) => settingsFor(of(problem)),
  lower(problem, caps, settings = settingsFor(of(problem))[0]!) {
    const geometry = of(problem);
    const { params } = problem;
    const { n, c, oh, ow, sy } = geometry;
    const { own, unroll, width } = settings as unknown as Strip;
    const lanes = caps.subgroupSize!;
    const tile: ResultTile = { lanes, rows: NEW * WIDTH, columns: own * lanes, unroll, width };
    const rows = Math.min(oh, caps.software ? 56 : 8); // a strip begins with a trip for nothing, but a real GPU needs the threads
    const across = Math.ceil(ow / outColumns(sy));
    const down = Math.ceil(oh / rows);
    const tileColumns = Math.ceil(c / tile.columns);
    const rowSize = geometry.pictureWidth * geometry.k;
    return {
      dispatches: [
        dispatch(kernelFor(tile, sy, isPointwise(geometry)), caps, {
          groups: n * down * across * tileColumns,
          bind: bindingsOf(params),
          args: { ...geometry, ...endsOf(params), rowSize, across, down, rows, tileColumns, outRows: outRows(sy) },
        }),
      ],
    };
  },
};
