/**
 * Weighted cross-entropy of softmax, fused with its gradient.
 *
 *   target[i, k]  = (1 - smoothing) * (k == label[i] ? 1 : 0) + smoothing / K
 *   loss          = sum over i of w[i] * sum over k of target[i, k] * (log of sum over j of exp(logits[i, j]) - logits[i, k])
 *   grad[i, k]    = w[i] * (softmax(logits[i])[k] - target[i, k])
 *
 * Shapes   logits f32 [B, K], labels u32 [B] below K, weights f32 [B] -> loss f32 [1], gradient f32 [B, K]
 * Method   as `lossVariant`. The caller makes the weights sum to 1; a sample of weight 0 (padding) gives exactly 0, whatever its
 *          logits
 * Throws   E_USAGE for a smoothing outside [0, 1)
 * Source   smoothing: Szegedy et al. 2016, Rethinking the Inception Architecture
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { u32 } from "../../spec.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide } from "../../wgsl/width.js";
import { inferLoss, lossVariant } from "../loss/loss-variant.js";
import { withRowStatistics } from "../softmax/row-statistics.js";

const perSampleBy = (lanes: number) =>
  defineWide({
    name: "softmaxCrossEntropy/plain",
    bindings: { x: "read wide", targets: "read u32", weights: "read f32", losses: "write f32", grad: "write wide" },
    args: { rows: "u32", columns: "u32", smoothing: "f32" },
    ...withRowStatistics(lanes),
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = item_of(group, groups, local);
  if (row >= args.rows) { return; }
  let lane = lane_of(local);
  let statistics = row_statistics(row, lane);
  let label = targets[row];
  let weight = weights[row];
  let at_label = 1.0 - args.smoothing;
  let at_all = args.smoothing / f32(WIDTH * args.columns);
  var distances = Value();
  for (var c = lane; c < args.columns; c += STEP) {
    let i = row * args.columns + c;
    let prob = exp(x[i] - statistics.largest) / statistics.sum;
    let expected = select(Value(at_all), Value(at_label + at_all), WIDTH * c + PLACES == Words(label));
    grad[i] = select(weight * (prob - expected), Value(), weight == 0.0);
    distances += statistics.largest - x[i];
  }
  var loss = statistics.largest - number_of(x[row * args.columns + label / WIDTH], label % WIDTH);
  if (args.smoothing > 0.0) { loss = at_label * loss + at_all * total(sum_of(distances), lane); }
  if (lane == 0u) {
    losses[row] = select(weight * (log(statistics.sum) + loss), 0.0, weight == 0.0);
  }
}
`,
  });

export interface CrossEntropyParams {
  /** Share of every target that is spread evenly over all classes, from 0 to below 1. */
  readonly smoothing: number;
}

export const softmaxCrossEntropy: Op<CrossEntropyParams> = /* @__PURE__ */ defineOp<CrossEntropyParams>({
  name: "softmaxCrossEntropy",
  infer(inputs, { smoothing }) {
    check(
      smoothing >= 0 && smoothing < 1,
      "E_USAGE",
      () => `softmaxCrossEntropy: expects a smoothing from 0 to below 1, found ${smoothing}`,
    );
    return inferLoss("softmaxCrossEntropy", inputs, "logits f32 [B, K], labels u32 [B]", ({ shape }) => u32(shape[0]!));
  },
  variants: [lossVariant("softmaxCrossEntropy", perSampleBy, ({ smoothing }: CrossEntropyParams) => ({ smoothing }))],
});
