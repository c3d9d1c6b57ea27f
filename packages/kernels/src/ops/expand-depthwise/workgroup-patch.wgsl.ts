/**
 * Expansion by a 1x1 convolution and depthwise convolution through workgroup memory, for real GPUs: a workgroup makes a patch of the result for a
 * slice of the channels.
 *
 * Method   The invocations expand the part of the picture that lies under the patch into workgroup memory, several pixels at
 *          once so that a weight is read for all of them, and then convolve from there. Channels are taken four at a time.
 *          What lies beside the patch is expanded by its neighbours too, but the expanded values never leave the workgroup.
 *          Outside the picture an expanded value is zero; unsigned arithmetic wraps, so a coordinate left of or above it is
 *          larger than any extent.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Variant, VariantSettings } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { activate, flatGroup } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, times, wgsl } from "../../wgsl/source.js";
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

interface Patch {
  /** Of the result. */
  readonly rows: number;
  readonly columns: number;
  /** Fours of channels. */
  readonly quads: number;
}

const patch = (rows: number, columns: number, quads: number): Patch => ({ rows, columns, quads });

/** In order of preference; those that do not fit into workgroup memory are left out. */
const patches: readonly Patch[] = [
  patch(8, 8, 8),
  patch(8, 6, 12),
  patch(4, 8, 8),
  patch(4, 4, 8),
  patch(4, 8, 4),
  patch(4, 4, 4),
  patch(2, 2, 4),
];

const LANES = 16; // invocations side by side for each four of channels
const MOST = 8; // pixels that an invocation expands at once

/** Rows and columns of the picture under a patch. */
const under = ({ rows, columns }: Patch, { kh, kw, sy, sx, dy, dx }: ExpandGeometry): readonly [number, number] => [
  (rows - 1) * sy + (kh - 1) * dy + 1,
  (columns - 1) * sx + (kw - 1) * dx + 1,
];

/** Pixels that an invocation expands at once, and outputs that it has. */
function shares(of: Patch, geometry: ExpandGeometry): { readonly pixels: number; readonly outputs: number } {
  const [height, width] = under(of, geometry);
  const each = Math.ceil((height * width) / LANES);
  const trips = Math.ceil(each / MOST);
  return { pixels: Math.ceil(each / trips), outputs: Math.ceil((of.rows * of.columns) / LANES) };
}

const activateFour = wgsl`
fn activate_four(v: vec4f, activation: u32) -> vec4f {
  return vec4f(activate(v.x, activation), activate(v.y, activation), activate(v.z, activation), activate(v.w, activation));
}
`;

const body = (pixels: number, outputs: number, vectors: number): string => `
var<workgroup> expanded: array<vec4f, ${vectors}>;

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = flat_group(group, groups);
  let quads = args.c / 4u;
  let quad = tile % args.slices * QUADS + local % QUADS;
  let column = tile / args.slices % args.across * COLUMNS;
  let row = tile / (args.slices * args.across) % args.down * ROWS;
  let image = tile / (args.slices * args.across * args.down);
  let four = min(quad, quads - 1u);
  let lane = local / QUADS;
  let top = row * args.sy - args.py;
  let left = column * args.sx - args.px;
  let first = vec4f(${[0, 1, 2, 3].map((i) => `expanded_bias_of(four * 4u + ${i}u)`).join(", ")});
  for (var p = lane; p < args.height * args.width; p += LANES * ${pixels}u) {
${times(
  pixels,
  (i) => `
    let y${i} = top + (p + ${i}u * LANES) / args.width;
    let x${i} = left + (p + ${i}u * LANES) % args.width;
    let xAt${i} = ((image * args.h + min(y${i}, args.h - 1u)) * args.w + min(x${i}, args.w - 1u)) * args.quarters;
    var e${i} = first;`,
)}
    for (var k = 0u; k < args.quarters; k++) {
${times(4, (r) => `      let w${r} = expand[(k * 4u + ${r}u) * quads + four];\n`)}
${times(pixels, (i) => `      let v${i} = x[xAt${i} + k];\n      e${i} = fma(vec4f(v${i}.w), w3, fma(vec4f(v${i}.z), w2, fma(vec4f(v${i}.y), w1, fma(vec4f(v${i}.x), w0, e${i}))));\n`)}
    }
${times(pixels, (i) => `    if (p + ${i}u * LANES < args.height * args.width) { expanded[(p + ${i}u * LANES) * QUADS + local % QUADS] = select(vec4f(), activate_four(e${i}, args.expandedActivation), y${i} < args.h && x${i} < args.w); }\n`)}
  }
  workgroupBarrier();
${times(
  outputs,
  (i) => `
  let o${i} = lane + ${i}u * LANES;
  let at${i} = min(o${i} / COLUMNS, ROWS - 1u) * args.sy * args.width + o${i} % COLUMNS * args.sx;
  var s${i} = vec4f();`,
)}
  for (var ky = 0u; ky < args.kh; ky++) {
    for (var kx = 0u; kx < args.kw; kx++) {
      let tap = w[(ky * args.kw + kx) * quads + four];
      let shift = ky * args.dy * args.width + kx * args.dx;
${times(outputs, (i) => `      s${i} = fma(tap, expanded[(at${i} + shift) * QUADS + local % QUADS], s${i});\n`)}
    }
  }
  let last = vec4f(${[0, 1, 2, 3].map((i) => `bias_of(four * 4u + ${i}u)`).join(", ")});
${times(
  outputs,
  (i) => `
  let oy${i} = row + o${i} / COLUMNS;
  let ox${i} = column + o${i} % COLUMNS;
  if (o${i} < ROWS * COLUMNS && image < args.n && oy${i} < args.oh && ox${i} < args.ow && quad < quads) {
    y[((image * args.oh + oy${i}) * args.ow + ox${i}) * quads + quad] = activate_four(s${i} + last, args.activation);
  }`,
)}
}
`;

function kernelFor(of: Patch, geometry: ExpandGeometry): Kernel {
  const { pixels, outputs } = shares(of, geometry);
  const [height, width] = under(of, geometry);
  return defineKernel({
    name: "expandDepthwise/workgroup-patch",
    consts: { ROWS: of.rows, COLUMNS: of.columns, QUADS: of.quads, LANES },
    bindings: {
      x: "read vec4f",
      expand: "read vec4f",
      w: "read vec4f",
      expandedBias: "read f32",
      bias: "read f32",
      y: "write vec4f",
    },
    args: {
      ...{ n: "u32", h: "u32", w: "u32", quarters: "u32", c: "u32", oh: "u32", ow: "u32", kh: "u32", kw: "u32" },
      ...{ sy: "u32", sx: "u32", py: "u32", px: "u32", dy: "u32", dx: "u32", height: "u32", width: "u32" },
      ...{ slices: "u32", across: "u32", down: "u32" },
      ...endArgs,
    },
    workgroup: [LANES * of.quads, 1, 1],
    functions: [flatGroup, activate, activateFour, readBiases],
    body: () => body(pixels, outputs, height * width * of.quads),
  });
}

function settingsFor({ inputs, params }: ExpandDepthwiseProblem, caps: Capabilities): readonly VariantSettings[] {
  const geometry = geometryOf(inputs, params);
  if (!isPointwise(geometry) || geometry.c % 4 !== 0 || geometry.k % 4 !== 0) return [];
  return patches
    .filter((of) => {
      const [height, width] = under(of, geometry);
      const bytes = 16 * height * width * of.quads;
      return bytes <= caps.maxComputeWorkgroupStorageSize && LANES * of.quads <= caps.maxComputeInvocationsPerWorkgroup;
    })
    .map((of) => ({ ...of }));
}

export const workgroupPatch: Variant<ExpandDepthwiseParams> = {
  name: "workgroup-patch",
  fits: (problem, caps) => settingsFor(problem, caps).length > 0,
  suits: () => false, // until it is measured on a real GPU: the tuner takes it where it wins
  settings: settingsFor,
  lower(problem, caps, settings = settingsFor(problem, caps)[0]!) {
    const { inputs, params } = problem;
    const geometry = geometryOf(inputs, params);
    const { rows, columns, quads } = settings as unknown as Patch;
    const of = patch(rows, columns, quads);
    const [height, width] = under(of, geometry);
    const across = Math.ceil(geometry.ow / columns);
    const down = Math.ceil(geometry.oh / rows);
    const slices = Math.ceil(geometry.c / (4 * quads));
    return {
      dispatches: [
        dispatch(kernelFor(of, geometry), caps, {
          groups: geometry.n * down * across * slices,
          bind: bindingsOf(params),
          args: {
            ...{ ...geometry, quarters: geometry.k / 4, height, width, slices, across, down },
            ...endsOf(params),
          },
        }),
      ],
    };
  },
};
