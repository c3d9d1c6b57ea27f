/**
 * The weight with its channels exchanged, [KH, KW, OC, C]: lanes of a tile hold neighbouring input channels, which are OC
 * elements apart in w but side by side in this.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Lowered } from "../../op.js";
import { f32 } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import type { ConvGeometry } from "../conv2d/geometry.js";

const EACH = 16; // output channels of an invocation: its place is worked out once for all of them

const kernel = /* @__PURE__ */ defineKernel({
  name: "conv2dInputGrad/subgroup-tile/turn",
  bindings: { w: "read f32", y: "write f32" },
  args: { size: "u32", c: "u32", oc: "u32", blocks: "u32" },
  consts: { EACH },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  // Invocation i = (tap * blocks + block) * c + channel.
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let c = i % args.c;
  let first = i / args.c % args.blocks * EACH;
  let tap = i / args.c / args.blocks;
  let wAt = (tap * args.c + c) * args.oc;
  let yAt = tap * args.oc * args.c + c;
  let end = min(first + EACH, args.oc);
  for (var oc = first; oc < end; oc++) { y[yAt + oc * args.c] = w[wAt + oc]; }
}
`,
});

/** `dispatches` after the launch that turns the weight, input 1, into scratch 0. */
export function afterTurning(
  caps: Capabilities,
  { c, oc, kh, kw }: ConvGeometry,
  dispatches: readonly Dispatch[],
): Lowered {
  const blocks = Math.ceil(oc / EACH);
  const size = kh * kw * blocks * c;
  const turn = dispatch(kernel, caps, {
    threads: size,
    bind: { w: { input: 1 }, y: { scratch: 0 } },
    args: { size, c, oc, blocks },
  });
  return { scratch: [f32(kh, kw, oc, c)], dispatches: [turn, ...dispatches] };
}
