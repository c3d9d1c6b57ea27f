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
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolWindow } from "./geometry.js";

export interface AveragePoolParams extends PoolParams {
  /** torchvision's count_include_pad. */
  readonly countPadding: boolean;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "averagePool/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: { ...poolArgTypes, countPadding: "u32" },
  functions: [poolWindow],
  body: wgsl`
fn element(i: u32) {
  let w = pool_window(i);
  var sum = Value();
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
    elementwiseVariant(
      kernels,
      ({ inputs, outputs, params }, width) => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: { ...poolArgs(inputs[0]!, outputs[0]!, params, width), countPadding: Number(params.countPadding) },
      }),
      (problem) => ({ ...perChannel(problem), loops: true }),
    ),
  ],
});
