/**
 * Softmax over the last dimension: y[r, k] = exp(x[r, k] - max of row r) / sum of these over k.
 *
 * Shapes   x f32 [.., K] -> y [.., K]
 * Method   one workgroup or one invocation per row, sums in fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sizeOf } from "../../spec.js";
import { gridOfItems } from "../../variants/sharing.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide } from "../../wgsl/width.js";
import { type RowSettings, rowSettings, withRowStatistics } from "./row-statistics.js";

const kernelsBy = (lanes: number) =>
  defineWide({
    name: "softmax/plain",
    bindings: { x: "read wide", y: "write wide" },
    args: { rows: "u32", columns: "u32" },
    ...withRowStatistics(lanes),
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = item_of(group, groups, local);
  if (row >= args.rows) { return; }
  let lane = lane_of(local);
  let statistics = row_statistics(row, lane);
  for (var c = lane; c < args.columns; c += STEP) {
    let i = row * args.columns + c;
    y[i] = exp(x[i] - statistics.largest) / statistics.sum;
  }
}
`,
  });

export const softmax: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "softmax",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length > 0,
      "E_SHAPE",
      () => `softmax: expects one f32 input [.., K], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [x];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => rowSettings(caps, x!),
      lower({ inputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const { width, lanes } = (settings ?? rowSettings(caps, x)[0]!) as unknown as RowSettings;
        const columns = x.shape.at(-1)!;
        const rows = sizeOf(x) / columns;
        return {
          dispatches: [
            dispatch(kernelsBy(lanes)[width], caps, {
              ...gridOfItems(lanes, rows),
              bind: { x: { input: 0 }, y: { output: 0 } },
              args: { rows, columns: columns / width },
            }),
          ],
        };
      },
    },
  ],
});
