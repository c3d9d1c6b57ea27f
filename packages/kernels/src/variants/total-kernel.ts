/**
 * The second pass of a long sum: one workgroup adds the partial sums of the first, in a fixed order.
 *
 *   y[0] = sum over i < count of partials[i]
 */
import { workgroupReduce } from "../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../wgsl/source.js";

/** One text for every op, so that all share its pipeline; `name` is `<op>/<variant>/total`. */
export const totalKernel = (name: string): Kernel<"partials" | "y", "count"> =>
  defineKernel({
    name,
    bindings: { partials: "read f32", y: "write f32" },
    args: { count: "u32" },
    workgroup: [64, 1, 1],
    functions: [workgroupReduce],
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < args.count; i += WG_X) { sum += partials[i]; }
  sum = workgroup_sum(sum, local);
  if (local == 0u) { y[0] = sum; }
}
`,
  });
