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
import { formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex, isNan } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { inferPool, type PoolParams, poolArgs, poolArgTypes, poolCover } from "./geometry.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "maxPoolGrad/plain",
  bindings: { x: "read f32", y: "read f32", dy: "read f32", dx: "write f32" },
  args: poolArgTypes,
  workgroup: [64, 1, 1],
  functions: [flatIndex, isNan, poolCover],
  body: wgsl`
fn is_largest(v: f32, largest: f32) -> bool {
  return select(v == largest, is_nan(v), is_nan(largest));
}

fn takes_gradient(w: Window, row: i32, column: i32, largest: f32) -> bool {
  for (var r = w.rows.x; r <= row; r++) {
    let end = select(w.columns.y, column, r == row);
    for (var c = w.columns.x; c < end; c++) {
      if (is_largest(x[pool_index(w, r, c)], largest)) { return false; }
    }
  }
  return true;
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let cover = pool_cover(i);
  let v = x[i];
  var sum = 0.0;
  for (var oh = cover.outRows.x; oh < cover.outRows.y; oh++) {
    for (var ow = cover.outColumns.x; ow < cover.outColumns.y; ow++) {
      let o = pool_output(cover, oh, ow);
      let largest = y[o];
      if (!is_largest(v, largest)) { continue; }
      let w = pool_window_at(cover.image, oh, ow, cover.channel);
      if (takes_gradient(w, cover.row, cover.column, largest)) { sum += dy[o]; }
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
    plainVariant(kernel, ({ inputs, params }) => {
      const size = sizeOf(inputs[0]!);
      return {
        threads: size,
        bind: { x: { input: 0 }, y: { input: 1 }, dy: { input: 2 }, dx: { output: 0 } },
        args: { ...poolArgs(inputs[0]!, inputs[1]!, params), size },
      };
    }),
  ],
});
