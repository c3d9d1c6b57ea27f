/**
 * Gradient of maxPool: the first largest element of each window, in row-major order, takes the gradient of its output.
 *
 *   dx[i] = sum of dy[o] over the windows o of which x[i] is the first element equal to y[o]; NaN equals NaN
 *
 * Shapes   x f32 [N, H, W, C]; y and dy f32 [N, OH, OW, C], the result of maxPool and its gradient -> dx [N, H, W, C]
 * Method   each input looks at the windows that hold it, so sums have a fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { isNanValue } from "../../wgsl/width.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolCover } from "./geometry.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "maxPoolGrad/plain",
  bindings: { x: "read wide", y: "read wide", dy: "read wide", dx: "write wide" },
  args: poolArgTypes,
  functions: [isNanValue, poolCover],
  body: wgsl`
fn is_largest(v: Value, largest: Value) -> Flags {
  return select(v == largest, is_nan_value(v), is_nan_value(largest));
}

// Those of candidates that no earlier element of the window equals.
fn takes_gradient(w: Window, row: i32, column: i32, largest: Value, candidates: Flags) -> Flags {
  var first = candidates;
  for (var r = w.rows.x; r <= row; r++) {
    let end = select(w.columns.y, column, r == row);
    for (var c = w.columns.x; c < end; c++) {
      first &= !is_largest(x[pool_index(w, r, c)], largest);
      if (!any(first)) { return first; }
    }
  }
  return first;
}

fn element(i: u32) {
  let cover = pool_cover(i);
  let v = x[i];
  var sum = Value();
  for (var oh = cover.outRows.x; oh < cover.outRows.y; oh++) {
    for (var ow = cover.outColumns.x; ow < cover.outColumns.y; ow++) {
      let o = pool_output(cover, oh, ow);
      let largest = y[o];
      let candidates = is_largest(v, largest);
      if (!any(candidates)) { continue; }
      let w = pool_window_at(cover.image, oh, ow, cover.channel);
      sum += select(Value(), dy[o], takes_gradient(w, cover.row, cover.column, largest, candidates));
    }
  }
  dx[i] = sum;
}
`,
});

export const maxPoolGrad: Op<PoolParams> = /* @__PURE__ */ defineOp<PoolParams>({
  name: "maxPoolGrad",
  infer(inputs, params) {
    const [x, y, dy] = inputs as [Spec, Spec, Spec];
    check(
      inputs.length === 3,
      "E_SHAPE",
      () => `maxPoolGrad: expects x, y and dy, found ${inputs.map(formatSpec).join(", ")}`,
    );
    const [result] = inferPool("maxPoolGrad", [x], params) as [Spec];
    check(
      sameSpec(y, result) && sameSpec(dy, result),
      "E_SHAPE",
      () =>
        `maxPoolGrad: expects y and dy ${formatSpec(result)} for x ${formatSpec(x)}, found ${formatSpec(y)} and ${formatSpec(dy)}`,
    );
    return [x];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs, params }, width) => ({
        bind: { x: { input: 0 }, y: { input: 1 }, dy: { input: 2 }, dx: { output: 0 } },
        args: poolArgs(inputs[0]!, inputs[1]!, params, width),
      }),
      perChannel,
    ),
  ],
});
