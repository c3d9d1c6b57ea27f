/**
 * Weighted loss of a student that imitates the softened probabilities of a teacher, fused with its gradient.
 *
 *   p[i]       = softmax(teacher[i] / T),  q[i] = softmax(logits[i] / T)
 *   loss       = sum over i of w[i] T^2 * sum over k of p[i, k] (log p[i, k] - log q[i, k])
 *   grad[i, k] = w[i] T (q[i, k] - p[i, k])
 *
 * Shapes   logits f32 [B, K], teacher's logits f32 [B, K], weights f32 [B] -> loss f32 [1], gradient f32 [B, K]
 * Method   as `lossVariant`. log p - log q is the difference of the distances from the largest logits, plus the log of the
 *          ratio of the sums of exp, which is one for a row. The caller makes the weights sum to 1; a sample of weight 0
 *          (padding) gives exactly 0, whatever its logits
 * Throws   E_USAGE for a temperature that is not above 0 or not finite
 * Source   Hinton et al. 2015, Distilling the Knowledge in a Neural Network: T^2 keeps the size of the gradient
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { sharedBy } from "../../variants/sharing.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide } from "../../wgsl/width.js";
import { inferLoss, lossVariant } from "../loss/loss-variant.js";

const perSampleBy = (lanes: number) =>
  defineWide({
    name: "distillation/plain",
    bindings: { x: "read wide", targets: "read wide", weights: "read f32", losses: "write f32", grad: "write wide" },
    args: { rows: "u32", columns: "u32", temperature: "f32", sharpness: "f32" },
    ...sharedBy(lanes),
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = item_of(group, groups, local);
  if (row >= args.rows) { return; }
  let lane = lane_of(local);
  let first = row * args.columns;
  var highest_x = Value(-0x1.fffffep+127f);
  var highest_target = highest_x;
  for (var c = lane; c < args.columns; c += STEP) {
    highest_x = max(highest_x, x[first + c]);
    highest_target = max(highest_target, targets[first + c]);
  }
  let top_x = largest(largest_of(highest_x), lane);
  let top_target = largest(largest_of(highest_target), lane);
  var powers_x = Value();
  var powers_target = Value();
  for (var c = lane; c < args.columns; c += STEP) {
    powers_x += exp((x[first + c] - top_x) * args.sharpness);
    powers_target += exp((targets[first + c] - top_target) * args.sharpness);
  }
  let sum_x = total(sum_of(powers_x), lane);
  let sum_target = total(sum_of(powers_target), lane);
  let weight = weights[row];
  let scale = weight * args.temperature;
  var divergences = Value();
  for (var c = lane; c < args.columns; c += STEP) {
    let i = first + c;
    let below_x = (x[i] - top_x) * args.sharpness;
    let below_target = (targets[i] - top_target) * args.sharpness;
    let q = exp(below_x) / sum_x;
    let p = exp(below_target) / sum_target;
    grad[i] = select(scale * (q - p), Value(), weight == 0.0);
    divergences += select(p * (below_target - below_x), Value(), p == Value());
  }
  let divergence = total(sum_of(divergences), lane) + log(sum_x / sum_target);
  if (lane == 0u) { losses[row] = select(scale * args.temperature * divergence, 0.0, weight == 0.0); }
}
`,
  });

export interface DistillationParams {
  /** Divides the logits of both before their softmax; above 0. */
  readonly temperature: number;
}

export const distillation: Op<DistillationParams> = /* @__PURE__ */ defineOp<DistillationParams>({
  name: "distillation",
  infer(inputs, { temperature }) {
    check(
      temperature > 0 && Number.isFinite(temperature),
      "E_USAGE",
      () => `distillation: expects a finite temperature above 0, found ${temperature}`,
    );
    return inferLoss("distillation", inputs, "logits and teacher's logits f32 [B, K] of one shape", (logits) => logits);
  },
  variants: [
    lossVariant("distillation", perSampleBy, ({ temperature }: DistillationParams) => ({
      temperature,
      sharpness: 1 / temperature,
    })),
  ],
});
