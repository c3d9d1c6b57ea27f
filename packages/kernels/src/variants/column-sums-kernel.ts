/** Sums of columns: of a whole matrix, and of the partial results that others leave side by side. */
import { flatIndex } from "../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../wgsl/source.js";

/** y[part, c] = sum of the rows of a part; partial results are added by it as one part. */
export const columnSumsKernel: Kernel<"x" | "y", "size" | "rows" | "columns" | "rowsPerPart"> =
  /* @__PURE__ */ defineKernel({
    name: "columnSums/plain",
    bindings: { x: "read f32", y: "write f32" },
    args: { size: "u32", rows: "u32", columns: "u32", rowsPerPart: "u32" },
    workgroup: [64, 1, 1],
    functions: [flatIndex],
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local); // part * columns + column
  if (i >= args.size) { return; }
  let first = i / args.columns * args.rowsPerPart;
  let end = min(first + args.rowsPerPart, args.rows);
  let column = i % args.columns;
  var sum = 0.0;
  for (var row = first; row < end; row++) { sum += x[row * args.columns + column]; }
  y[i] = sum;
}
`,
  });
