/**
 * Gradient of averagePool: dx[i] = sum of dy[o] / divisor[o] over the windows o that hold i.
 *
 * Shapes   dy f32 [N, OH, OW, C] -> dx [N, H, W, C]
 * Method   each input looks at the windows that hold it, so sums have a fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant, perChannel } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import type { AveragePoolParams } from "./average-pool.js";
import { inferPool, poolArgs, poolArgTypes, poolCover } from "./geometry.js";

export interface AveragePoolGradParams extends AveragePoolParams {
  /** [H, W] */
  readonly inputSize: readonly [number, number];
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "averagePoolGrad/plain",
  bindings: { dy: "read wide", dx: "write wide" },
  args: { ...poolArgTypes, countPadding: "u32" },
  functions: [poolCover],
  body: wgsl`
fn element(i: u32) {
  let cover = pool_cover(i);
  var sum = Value();
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
    elementwiseVariant(
      kernels,
      ({ inputs, outputs, params }, width) => ({
        bind: { dy: { input: 0 }, dx: { output: 0 } },
        args: { ...poolArgs(outputs[0]!, inputs[0]!, params, width), countPadding: Number(params.countPadding) },
      }),
      perChannel,
    ),
  ],
});
