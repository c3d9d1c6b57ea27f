/**
 * Largest element of each window; padding never wins, and a NaN always does, so that it shows.
 *
 *   y[n, oh, ow, c] = max over kh, kw of x[n, oh*SH + kh - top, ow*SW + kw - left, c], inside x
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, OH, OW, C], extents by geometry.ts
 */
import { defineOp, type Op } from "../../op.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { isNanValue } from "../../wgsl/width.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolWindow } from "./geometry.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "maxPool/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: poolArgTypes,
  functions: [isNanValue, poolWindow],
  body: wgsl`
fn element(i: u32) {
  let w = pool_window(i);
  var best = x[pool_index(w, w.rows.x, w.columns.x)];
  for (var row = w.rows.x; row < w.rows.y; row++) {
    for (var column = w.columns.x; column < w.columns.y; column++) {
      let v = x[pool_index(w, row, column)];
      best = select(best, v, (v > best) | is_nan_value(v));
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
    elementwiseVariant(
      kernels,
      ({ inputs, outputs, params }, width) => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: poolArgs(inputs[0]!, outputs[0]!, params, width),
      }),
      (problem) => ({ ...perChannel(problem), loops: true }),
    ),
  ],
});
