/**
 * Weighted mean squared error of rows, fused with its gradient.
 *
 *   loss       = sum over i of w[i] / K * sum over k of (x[i, k] - target[i, k])^2
 *   grad[i, k] = w[i] / K * 2 (x[i, k] - target[i, k])
 *
 * Shapes   x f32 [B, K], target f32 [B, K], weights f32 [B] -> loss f32 [1], gradient f32 [B, K]
 * Method   as `lossVariant`. The caller makes the weights sum to 1; a sample of weight 0 (padding) gives exactly 0, whatever
 *          its numbers
 */
import { defineOp, type NoParams, type Op } from "../../op.js";
import { sharedBy } from "../../variants/sharing.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide } from "../../wgsl/width.js";
import { inferLoss, lossVariant } from "../loss/loss-variant.js";

const perSampleBy = (lanes: number) =>
  defineWide({
    name: "squaredError/plain",
    bindings: { x: "read wide", targets: "read wide", weights: "read f32", losses: "write f32", grad: "write wide" },
    args: { rows: "u32", columns: "u32" },
    ...sharedBy(lanes),
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = item_of(group, groups, local);
  if (row >= args.rows) { return; }
  let lane = lane_of(local);
  let weight = weights[row];
  let share = weight / f32(WIDTH * args.columns);
  var squares = Value();
  for (var c = lane; c < args.columns; c += STEP) {
    let i = row * args.columns + c;
    let difference = x[i] - targets[i];
    grad[i] = select(2.0 * share * difference, Value(), weight == 0.0);
    squares += difference * difference;
  }
  let sum = total(sum_of(squares), lane);
  if (lane == 0u) { losses[row] = select(share * sum, 0.0, weight == 0.0); }
}
`,
  });

export const squaredError: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "squaredError",
  infer: (inputs) => inferLoss("squaredError", inputs, "x and target f32 [B, K] of one shape", (x) => x),
  variants: [lossVariant<NoParams, never>("squaredError", perSampleBy, () => ({}))],
});
