/**
 * Weighted cross-entropy of softmax, fused with its gradient.
 *
 *   target[i, k]  = (1 - smoothing) * (k == label[i] ? 1 : 0) + smoothing / K
 *   loss          = sum over i of w[i] * sum over k of target[i, k] * (log of sum over j of exp(logits[i, j]) - logits[i, k])
 *   grad[i, k]    = w[i] * (softmax(logits[i])[k] - target[i, k])
 *
 * Shapes   logits f32 [B, K], labels u32 [B] below K, weights f32 [B] -> loss f32 [1], gradient f32 [B, K]
 * Method   one workgroup per sample, then one that adds the losses; sums in fixed order. The caller makes the weights sum
 *          to 1; a sample of weight 0 (padding) gives exactly 0, whatever its logits
 * Needs    scratch of B elements
 * Throws   E_USAGE for a smoothing outside [0, 1)
 * Source   smoothing: Szegedy et al. 2016, Rethinking the Inception Architecture
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec, u32 } from "../../spec.js";
import { totalKernel } from "../../variants/total-kernel.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatGroup, workgroupReduce } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { rowStatistics } from "../softmax/row-statistics.js";

const perSample = /* @__PURE__ */ defineKernel({
  name: "softmaxCrossEntropy/plain",
  bindings: { x: "read f32", labels: "read u32", weights: "read f32", losses: "write f32", grad: "write f32" },
  args: { rows: "u32", columns: "u32", smoothing: "f32" },
  workgroup: [64, 1, 1],
  functions: [flatGroup, workgroupReduce, rowStatistics],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = flat_group(group, groups);
  if (row >= args.rows) { return; }
  let statistics = row_statistics(row, local);
  let label = labels[row];
  let weight = weights[row];
  let at_label = 1.0 - args.smoothing;
  let at_all = args.smoothing / f32(args.columns);
  var distances = 0.0;
  for (var c = local; c < args.columns; c += WG_X) {
    let i = row * args.columns + c;
    let prob = exp(x[i] - statistics.largest) / statistics.sum;
    let expected = select(at_all, at_label + at_all, c == label);
    grad[i] = select(weight * (prob - expected), 0.0, weight == 0.0);
    distances += statistics.largest - x[i];
  }
  var loss = statistics.largest - x[row * args.columns + label];
  if (args.smoothing > 0.0) { loss = at_label * loss + at_all * workgroup_sum(distances, local); }
  if (local == 0u) {
    losses[row] = select(weight * (log(statistics.sum) + loss), 0.0, weight == 0.0);
  }
}
`,
});

const total = /* @__PURE__ */ totalKernel("softmaxCrossEntropy/plain/total");

export interface CrossEntropyParams {
  /** Share of every target that is spread evenly over all classes, from 0 to below 1. */
  readonly smoothing: number;
}

export const softmaxCrossEntropy: Op<CrossEntropyParams> = /* @__PURE__ */ defineOp<CrossEntropyParams>({
  name: "softmaxCrossEntropy",
  infer(inputs, { smoothing }) {
    const [logits, labels, weights] = inputs as [Spec, Spec, Spec];
    check(
      inputs.length === 3 &&
        logits.dtype === "f32" &&
        logits.shape.length === 2 &&
        sameSpec(labels, u32(logits.shape[0]!)) &&
        sameSpec(weights, f32(logits.shape[0]!)),
      "E_SHAPE",
      () =>
        `softmaxCrossEntropy: expects logits f32 [B, K], labels u32 [B] and weights f32 [B], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(
      smoothing >= 0 && smoothing < 1,
      "E_USAGE",
      () => `softmaxCrossEntropy: expects a smoothing from 0 to below 1, found ${smoothing}`,
    );
    return [f32(1), logits];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      lower({ inputs, params: { smoothing } }, caps) {
        const [rows, columns] = inputs[0]!.shape as [number, number];
        return {
          scratch: [f32(rows)],
          dispatches: [
            dispatch(perSample, caps, {
              groups: rows,
              bind: {
                x: { input: 0 },
                labels: { input: 1 },
                weights: { input: 2 },
                losses: { scratch: 0 },
                grad: { output: 1 },
              },
              args: { rows, columns, smoothing },
            }),
            dispatch(total, caps, {
              groups: 1,
              bind: { partials: { scratch: 0 }, y: { output: 0 } },
              args: { count: rows },
            }),
          ],
        };
      },
    },
  ],
});
