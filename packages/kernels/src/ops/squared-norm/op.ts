/**
 * Sum of squares: y = sum of x[i]^2; NaN where an element is not finite.
 *
 * Shapes   x f32 of any shape -> y f32 [1]
 * Method   one workgroup per part, then one that adds the parts; both in fixed order, so equal input gives equal bits
 *          NaN comes in as an argument: WGSL has no literal for it, and finds it, like infinity, only by its bits
 * Needs    scratch of one element per part
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { defineOp, type NoParams, type Op, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { totalKernel } from "../../variants/total-kernel.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatGroup, isFiniteFloat, workgroupReduce } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const perPart = /* @__PURE__ */ defineKernel({
  name: "squaredNorm/plain",
  bindings: { x: "read f32", sums: "write f32" },
  args: { size: "u32", parts: "u32", partSize: "u32", nan: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatGroup, isFiniteFloat, workgroupReduce],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let part = flat_group(group, groups);
  if (part >= args.parts) { return; }
  let end = min((part + 1u) * args.partSize, args.size);
  var sum = 0.0;
  var finite = true;
  for (var i = part * args.partSize + local; i < end; i += WG_X) {
    sum += x[i] * x[i];
    finite = finite && is_finite(x[i]);
  }
  if (!finite) { sum = bitcast<f32>(args.nan); }
  sum = workgroup_sum(sum, local);
  if (local == 0u) { sums[part] = sum; }
}
`,
});

const total = /* @__PURE__ */ totalKernel("squaredNorm/plain/total");

const QUIET_NAN = 0x7fc00000; // bits
const FEW_PARTS = 64;
const MIN_PART = 1024; // elements: 16 per invocation outweigh the launch of a workgroup

/** The square root balances the lengths of the two sums; a software adapter pays for every barrier of a part. */
function partSizes(size: number, caps: Capabilities): readonly VariantSettings[] {
  const balanced = Math.max(MIN_PART, Math.ceil(Math.sqrt(size)));
  const long = Math.max(MIN_PART, Math.ceil(size / FEW_PARTS));
  const sizes = caps.software ? [long, balanced] : [balanced, long];
  return [...new Set(sizes)].map((partSize) => ({ partSize }));
}

export const squaredNorm: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "squaredNorm",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32",
      "E_SHAPE",
      () => `squaredNorm: expects one f32 input, found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(1)];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => partSizes(sizeOf(x!), caps),
      lower({ inputs }, caps, settings) {
        const size = sizeOf(inputs[0]!);
        const { partSize } = (settings ?? partSizes(size, caps)[0]!) as { partSize: number };
        const parts = Math.ceil(size / partSize);
        return {
          scratch: [f32(parts)],
          dispatches: [
            dispatch(perPart, caps, {
              groups: parts,
              bind: { x: { input: 0 }, sums: { scratch: 0 } },
              args: { size, parts, partSize, nan: QUIET_NAN },
            }),
            dispatch(total, caps, {
              groups: 1,
              bind: { partials: { scratch: 0 }, y: { output: 0 } },
              args: { count: parts },
            }),
          ],
        };
      },
    },
  ],
});
