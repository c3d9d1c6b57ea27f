import { wgsl } from "../../wgsl/source.js";

/**
 * Largest element of a row of binding `x` [.., args.columns] and the sum of exp(x - largest), by one workgroup.
 * Needs `workgroupReduce`.
 */
export const rowStatistics: string = wgsl`
struct RowStatistics { largest: f32, sum: f32 }

fn row_statistics(row: u32, local: u32) -> RowStatistics {
  let first = row * args.columns;
  var largest = -0x1.fffffep+127f;
  for (var c = local; c < args.columns; c += WG_X) { largest = max(largest, x[first + c]); }
  largest = workgroup_max(largest, local);
  var sum = 0.0;
  for (var c = local; c < args.columns; c += WG_X) { sum += exp(x[first + c] - largest); }
  return RowStatistics(largest, workgroup_sum(sum, local));
}
`;
