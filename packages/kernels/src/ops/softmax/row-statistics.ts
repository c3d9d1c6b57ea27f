/** What kernels share that need the whole row of a softmax, and how they may be tuned. */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { VariantSettings } from "../../op.js";
import type { Spec } from "../../spec.js";
import { type Sharing, sharedBy } from "../../variants/sharing.js";
import { wgsl } from "../../wgsl/source.js";
import { type Width, widthsFor } from "../../wgsl/width.js";

const rowStatistics = wgsl`
struct RowStatistics { largest: f32, sum: f32 }

fn row_statistics(row: u32, lane: u32) -> RowStatistics {
  let first = row * args.columns;
  var highest = Value(-0x1.fffffep+127f);
  for (var c = lane; c < args.columns; c += STEP) { highest = max(highest, x[first + c]); }
  let top = largest(largest_of(highest), lane);
  var sum = Value();
  for (var c = lane; c < args.columns; c += STEP) { sum += exp(x[first + c] - top); }
  return RowStatistics(top, total(sum_of(sum), lane));
}
`;

/**
 * For kernels with `row_statistics(row, lane)`: the largest element of a row of binding `x` [.., args.columns] and the sum of
 * exp(x - largest).
 */
export function withRowStatistics(lanes: number): Sharing {
  const { workgroup, functions } = sharedBy(lanes);
  return { workgroup, functions: [...functions, rowStatistics] };
}

/** `lanes` share a row. */
export interface RowSettings {
  readonly width: Width;
  readonly lanes: number;
}

const SHORT = 16; // values of a row: below, lanes wait for each other longer than they work
const LONG = 1024;

/** Settings for x [.., K]. */
export function rowSettings(caps: Capabilities, x: Spec): readonly (VariantSettings & RowSettings)[] {
  const columns = x.shape.at(-1)!;
  const [width, ...others] = widthsFor(columns);
  const values = columns / width!;
  const many = values > LONG ? 256 : 64;
  const order = caps.software || values <= SHORT ? [1, many] : [many, 1];
  return [...order.map((lanes) => ({ width: width!, lanes })), ...others.map((w) => ({ width: w, lanes: order[0]! }))];
}
