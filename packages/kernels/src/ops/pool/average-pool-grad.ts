/**
 * Gradient of averagePool: dx[i] = sum of dy[o] / divisor[o] over the windows o that hold i.
 *
 * Shapes   dy f32 [N, OH, OW, C] -> dx [N, H, W, C]
 * Method   each input looks at the windows that hold it, so sums have a fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import type { AveragePoolParams } from "./average-pool.js";
import { inferPool, poolArgs, poolArgTypes, poolCover } from "./geometry.js";

export interface AveragePoolGradParams extends AveragePoolParams {
  /** [H, W] */
  readonly inputSize: readonly [number, number];
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "averagePoolGrad/plain",
  bindings: { dy: "read f32", dx: "write f32" },
  args: { ...poolArgTypes, countPadding: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex, poolCover],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let cover = pool_cover(i);
  var sum = 0.0;
  for (var oh = cover.outRows.x; oh < cover.outRows.y; oh++) {
    for (var ow = cover.outColumns.x; ow < cover.outColumns.y; ow++) {
      let w = pool_window_at(cover.image, oh, ow, cover.channel);
      let inside = (w.rows.y - w.rows.x) * (w.columns.y - w.columns.x);
      sum += dy[pool_output(cover, oh, ow)] / f32(select(inside, w.padded, args.countPadding != 0u));
    }
  }
  dx[i] = sum;
}
`,
});

export const averagePoolGrad: Op<AveragePoolGradParams> = /* @__PURE__ */ defineOp<AveragePoolGradParams>({
  name: "averagePoolGrad",
  infer(inputs, params) {
    const [dy] = inputs as [Spec];
    check(
      inputs.length === 1 && dy.shape.length === 4,
      "E_SHAPE",
      () => `averagePoolGrad: expects one f32 input [N, OH, OW, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const x = f32(dy.shape[0]!, ...params.inputSize, dy.shape[3]!);
    const [y] = inferPool("averagePoolGrad", [x], params) as [Spec];
    check(
      sameSpec(dy, y),
      "E_SHAPE",
      () =>
        `averagePoolGrad: expects dy ${formatSpec(y)} for pictures of [${params.inputSize}], found ${formatSpec(dy)}`,
    );
    return [x];
  },
  variants: [
    plainVariant(kernel, ({ inputs, outputs, params }) => {
      const size = sizeOf(outputs[0]!);
      return {
        threads: size,
        bind: { dy: { input: 0 }, dx: { output: 0 } },
        args: { ...poolArgs(outputs[0]!, inputs[0]!, params), size, countPadding: Number(params.countPadding) },
      };
    }),
  ],
});
