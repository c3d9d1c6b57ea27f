/**
 * Mean of each window, with padding counted as zeros or not at all.
 *
 *   y[n, oh, ow, c] = sum over kh, kw of x[n, oh*SH + kh - top, ow*SW + kw - left, c] / divisor
 *
 * The divisor is the area of the window inside x, or inside x with its padding when `countPadding` is set.
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, OH, OW, C], extents by geometry.ts
 */
import { defineOp, type Op } from "../../op.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolWindow } from "./geometry.js";

export interface AveragePoolParams extends PoolParams {
  /** torchvision's count_include_pad. */
  readonly countPadding: boolean;
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "averagePool/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { ...poolArgTypes, countPadding: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex, poolWindow],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let w = pool_window(i);
  var sum = 0.0;
  for (var row = w.rows.x; row < w.rows.y; row++) {
    for (var column = w.columns.x; column < w.columns.y; column++) {
      sum += x[pool_index(w, row, column)];
    }
  }
  let inside = (w.rows.y - w.rows.x) * (w.columns.y - w.columns.x);
  y[i] = sum / f32(select(inside, w.padded, args.countPadding != 0u));
}
`,
});

export const averagePool: Op<AveragePoolParams> = /* @__PURE__ */ defineOp<AveragePoolParams>({
  name: "averagePool",
  infer: (inputs, params) => inferPool("averagePool", inputs, params),
  variants: [
    plainVariant(kernel, ({ inputs, outputs, params }) => {
      const args = { ...poolArgs(inputs[0]!, outputs[0]!, params), countPadding: Number(params.countPadding) };
      return { threads: args.size, bind: { x: { input: 0 }, y: { output: 0 } }, args };
    }),
  ],
});
