/**
 * Largest element of each window; padding never wins, and a NaN always does, so that it shows.
 *
 *   y[n, oh, ow, c] = max over kh, kw of x[n, oh*SH + kh - top, ow*SW + kw - left, c], inside x
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, OH, OW, C], extents by geometry.ts
 */
import { defineOp, type Op } from "../../op.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex, isNan } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolWindow } from "./geometry.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "maxPool/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: poolArgTypes,
  workgroup: [64, 1, 1],
  functions: [flatIndex, isNan, poolWindow],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let w = pool_window(i);
  var best = x[pool_index(w, w.rows.x, w.columns.x)];
  for (var row = w.rows.x; row < w.rows.y; row++) {
    for (var column = w.columns.x; column < w.columns.y; column++) {
      let v = x[pool_index(w, row, column)];
      best = select(best, v, v > best || is_nan(v));
    }
  }
  y[i] = best;
}
`,
});

export const maxPool: Op<PoolParams> = /* @__PURE__ */ defineOp<PoolParams>({
  name: "maxPool",
  infer: (inputs, params) => inferPool("maxPool", inputs, params),
  variants: [
    plainVariant(kernel, ({ inputs, outputs, params }) => {
      const args = poolArgs(inputs[0]!, outputs[0]!, params);
      return { threads: args.size, bind: { x: { input: 0 }, y: { output: 0 } }, args };
    }),
  ],
});
