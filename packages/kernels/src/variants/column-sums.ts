/** Sums of columns: of a whole matrix, and of the partial results that others leave side by side. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Operand } from "../op.js";
import { wgsl } from "../wgsl/source.js";
import { definePartSums, launchParts, type PartExtents, type PartSettings } from "./part-sums.js";

/** y[part, c] = scale * sum of the rows of a part. */
const kernels = /* @__PURE__ */ definePartSums({
  name: "columnSums/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: { divisor: "f32" },
  body: wgsl`
struct Sums { sum: Value }
fn begin(first: u32, column: u32) -> Sums { return Sums(); }
fn with_row(sums: Sums, at: u32) -> Sums { return Sums(sums.sum + x[at]); }
fn join(a: Sums, b: Sums) -> Sums { return Sums(a.sum + b.sum); }
fn finish(sums: Sums, i: u32, column: u32, count: f32) { y[i] = sums.sum / args.divisor; }
`,
});

/** y[part, c] = sum of the rows of a part, divided by `divisor`. */
export const launchColumnSums = (
  caps: Capabilities,
  extents: PartExtents,
  settings: PartSettings,
  bind: { readonly x: Operand; readonly y: Operand },
  divisor = 1,
): Dispatch => launchParts(kernels, caps, extents, settings, bind, { divisor });
