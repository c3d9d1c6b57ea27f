/**
 * Sum of squares: y = sum of x[i]^2; NaN where an element is not finite.
 *
 * Shapes   x f32 of any shape -> y f32 [1]
 * Method   one workgroup or invocation per part, then one workgroup that adds the parts; both in fixed order, so equal input gives equal bits
 *          NaN comes in as an argument: WGSL has no literal for it, and finds it, like infinity, only by its bits
 * Needs    scratch of one element per part
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { defineOp, type NoParams, type Op, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { gridOfItems, type Sharing, sharedBy } from "../../variants/sharing.js";
import { totalKernel } from "../../variants/total-kernel.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide, isFiniteValue, type Width, widthsFor } from "../../wgsl/width.js";

const withFinite = (lanes: number): Sharing => {
  const { workgroup, functions } = sharedBy(lanes);
  return { workgroup, functions: [...functions, isFiniteValue] };
};

const perPartBy = (lanes: number) =>
  defineWide({
    name: "squaredNorm/plain",
    bindings: { x: "read wide", sums: "write f32" },
    args: { size: "u32", parts: "u32", partSize: "u32", nan: "u32" },
    ...withFinite(lanes),
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let part = item_of(group, groups, local);
  if (part >= args.parts) { return; }
  let lane = lane_of(local);
  let end = min((part + 1u) * args.partSize, args.size);
  var squares = Value();
  var finite = Flags(true);
  for (var i = part * args.partSize + lane; i < end; i += STEP) {
    squares += x[i] * x[i];
    finite &= is_finite_value(x[i]);
  }
  let sum = total(select(bitcast<f32>(args.nan), sum_of(squares), all(finite)), lane);
  if (lane == 0u) { sums[part] = sum; }
}
`,
  });

const addParts = /* @__PURE__ */ totalKernel("squaredNorm/plain/total");

const QUIET_NAN = 0x7fc00000; // bits
const LANES = 256;
const PARTS = 1024; // workgroups for the largest GPUs, or invocations for the threads of a CPU
const FEW = 16; // values of an invocation that is alone: below, starting it costs more
const FEW_OF_MANY = 4;

interface NormSettings {
  readonly width: Width;
  /** Invocations that share a part. */
  readonly lanes: number;
  /** Values of a part. */
  readonly partSize: number;
}

function settingsOf(size: number, caps: Capabilities): readonly (VariantSettings & NormSettings)[] {
  const order = caps.software ? [1, LANES] : [LANES, 1];
  return order.flatMap((lanes) =>
    widthsFor(size).map((width) => ({
      ...{ width, lanes, partSize: Math.max(lanes === 1 ? FEW : FEW_OF_MANY * lanes, Math.ceil(size / width / PARTS)) },
    })),
  );
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
      settings: ({ inputs: [x] }, caps) => settingsOf(sizeOf(x!), caps),
      lower({ inputs }, caps, settings) {
        const numbers = sizeOf(inputs[0]!);
        const { width, lanes, partSize } = (settings ?? settingsOf(numbers, caps)[0]!) as unknown as NormSettings;
        const size = numbers / width;
        const parts = Math.ceil(size / partSize);
        return {
          scratch: [f32(parts)],
          dispatches: [
            dispatch(perPartBy(lanes)[width], caps, {
              ...gridOfItems(lanes, parts),
              bind: { x: { input: 0 }, sums: { scratch: 0 } },
              args: { size, parts, partSize, nan: QUIET_NAN },
            }),
            dispatch(addParts, caps, {
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
