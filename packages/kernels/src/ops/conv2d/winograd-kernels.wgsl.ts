/**
 * The three transforms of Winograd's method, an invocation for each channel of a tile. V and U hold a line of channels for
 * each place (i, j) of a tile, M the sums over channels:
 *
 *   U[place, c, oc] = weight transform of w[.., .., c, oc]
 *   V[tile, place, c] = input transform of x[image, tile * y .., tile * x .., c], zero outside of the picture
 *   y[image, tile * y .., tile * x .., oc] = epilogue(output transform of M[.., tile, oc])
 *
 * Channels from `args.c` to `args.channels` are zero in V and U. Unsigned arithmetic wraps, so a coordinate left of or above
 * the picture is larger than any extent.
 */
import type { Epilogue } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, times } from "../../wgsl/source.js";
import { transformText, winogradMatrices } from "./winograd-matrices.js";

const main = `
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }`;

/** Where the tile of an invocation begins in the picture of results. */
const place = (tile: number): string => `
  let tile = args.first + own;
  let left = tile % args.across * ${tile}u;
  let top = tile / args.across % args.down * ${tile}u;
  let image = tile / (args.across * args.down);`;

/** With `args.turned`, of the gradient: the taps are read backwards. */
export const weightKernel = (tile: number): Kernel => {
  const size = tile + 2;
  const tap = (r: number, c: number): string => `
  let tap${r}_${c} = select(${3 * r + c}u, ${8 - 3 * r - c}u, args.turned > 0u);
  let w${r}_${c} = select(0.0, w[start + tap${r}_${c} * args.tapStep], real);`;
  return defineKernel({
    name: `conv2d/winograd/weight-${tile}`,
    bindings: { w: "read f32", u: "write f32" },
    args: {
      ...{ size: "u32", c: "u32", oc: "u32", channels: "u32" },
      ...{ tapStep: "u32", inStep: "u32", outStep: "u32", turned: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex],
    body: `${main}
  let oc = i % args.oc;
  let c = i / args.oc;
  let real = c < args.c;
  let start = select(0u, c * args.inStep + oc * args.outStep, real);
${transformText(
  winogradMatrices[tile]!.weight,
  "w",
  "u",
  (c) => `${times(3, (r) => tap(r, c))}\n`,
  (r, c) => `  u[${r * size + c}u * args.size + i] = u${r}_${c};\n`,
)}}
`,
  });
};

export const inputKernel = (tile: number): Kernel => {
  const size = tile + 2;
  const row = (r: number): string => `
  let row${r} = top + ${r}u - args.py;
  let inside${r} = c < args.c && row${r} < args.h;
  let rowAt${r} = (image * args.h + row${r}) * args.w;`;
  const column = (c: number): string => `
  let column${c} = left + ${c}u - args.px;
  let within${c} = column${c} < args.w;`;
  const load = (r: number, c: number): string => `
  let in${r}_${c} = inside${r} && within${c};
  let d${r}_${c} = select(0.0, x[select(0u, (rowAt${r} + column${c}) * args.c + c, in${r}_${c})], in${r}_${c});`;
  return defineKernel({
    name: `conv2d/winograd/input-${tile}`,
    bindings: { x: "read f32", v: "write f32" },
    args: {
      ...{ size: "u32", c: "u32", channels: "u32", pitch: "u32", first: "u32", across: "u32", down: "u32" },
      ...{ h: "u32", w: "u32", py: "u32", px: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex],
    body: `${main}
  let c = i % args.channels;
  let own = i / args.channels;${place(tile)}
  let at = own * args.pitch + c;
${times(size, row)}
${transformText(
  winogradMatrices[tile]!.input,
  "d",
  "v",
  (c) => `${column(c)}${times(size, (r) => load(r, c))}\n`,
  (r, c) => `  v[at + ${r * size + c}u * args.channels] = v${r}_${c};\n`,
)}}
`,
  });
};

export const outputKernel = (tile: number, { bindings, functions }: Epilogue): Kernel => {
  const size = tile + 2;
  const load = (r: number, c: number): string => `  let m${r}_${c} = m[${r * size + c}u * args.size + i];\n`;
  const store = (r: number, c: number): string => `  if (top + ${r}u < args.oh && left + ${c}u < args.ow) {
    let at${r}_${c} = (rowAt + ${r}u * args.ow + ${c}u) * args.oc + oc;
    y[at${r}_${c}] = epilogue(y${r}_${c} * scale + bias, at${r}_${c});
  }
`;
  return defineKernel({
    name: `conv2d/winograd/output-${tile}`,
    bindings: { m: "read f32", ...bindings, y: "write f32" },
    args: {
      ...{ size: "u32", oc: "u32", first: "u32", across: "u32", down: "u32" },
      ...{ oh: "u32", ow: "u32", activation: "u32" },
    },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body: `${main}
  let oc = i % args.oc;
  let own = i / args.oc;${place(tile)}
  let rowAt = (image * args.oh + top) * args.ow + left;
  let scale = scale_of(oc);
  let bias = bias_of(oc);
${transformText(winogradMatrices[tile]!.output, "m", "y", (c) => times(size, (r) => load(r, c)), store)}}
`,
  });
};
