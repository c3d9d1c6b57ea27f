/**
 * Softmax over the last dimension: y[r, k] = exp(x[r, k] - max of row r) / sum of these over k.
 *
 * Shapes   x f32 [.., K] -> y [.., K]
 * Method   one workgroup per row, sums in fixed order
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatGroup, workgroupReduce } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { rowStatistics } from "./row-statistics.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "softmax/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { rows: "u32", columns: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatGroup, workgroupReduce, rowStatistics],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = flat_group(group, groups);
  if (row >= args.rows) { return; }
  let statistics = row_statistics(row, local);
  for (var c = local; c < args.columns; c += WG_X) {
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
    plainVariant(kernel, ({ inputs }) => {
      const columns = inputs[0]!.shape.at(-1)!;
      const rows = sizeOf(inputs[0]!) / columns;
      return { groups: rows, bind: { x: { input: 0 }, y: { output: 0 } }, args: { rows, columns } };
    }),
  ],
});
