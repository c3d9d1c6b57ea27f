/**
 * Gradients of weight and bias of a batch norm with batch statistics:
 *
 *   dweight[c] = sum of dy[.., c] * (x[.., c] - mean[c]) * rstd[c],  dbias[c] = sum of dy[.., c]
 *
 * Shapes   x f32 [.., C], mean and rstd f32 [C], dy f32 [.., C] -> dweight [C], dbias [C]
 * Method   sums over parts of the rows, then over the parts, in fixed order
 * Needs    scratch of 2 x parts x C elements
 */
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, type Spec } from "../../spec.js";
import { definePartSums, launchParts, type PartSettings, partSettings } from "../../variants/part-sums.js";
import { gridOfItems, sharedBy } from "../../variants/sharing.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { checkChannels, extentsOf, MERGING, rowsOf } from "./rows.js";

const parts = /* @__PURE__ */ definePartSums({
  name: "batchNormParamGrad/plain/parts",
  bindings: { x: "read wide", mean: "read wide", dy: "read wide", products: "write wide", sums: "write wide" },
  args: {},
  body: wgsl`
struct Sums { center: Value, product: Value, sum: Value }
fn begin(first: u32, column: u32) -> Sums { return Sums(mean[column], Value(), Value()); }
fn with_row(s: Sums, at: u32) -> Sums {
  let g = dy[at];
  return Sums(s.center, s.product + g * (x[at] - s.center), s.sum + g);
}
fn join(a: Sums, b: Sums) -> Sums { return Sums(a.center, a.product + b.product, a.sum + b.sum); }
fn finish(s: Sums, i: u32, column: u32, count: f32) {
  products[i] = s.product;
  sums[i] = s.sum;
}
`,
});

const mergeBy = (lanes: number) =>
  defineKernel({
    ...sharedBy(lanes),
    name: "batchNormParamGrad/plain/total",
    bindings: { products: "read f32", sums: "read f32", rstd: "read f32", dweight: "write f32", dbias: "write f32" },
    args: { channels: "u32", parts: "u32" },
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = item_of(group, groups, local);
  let lane = lane_of(local);
  if (c >= args.channels) { return; }
  var product = 0.0;
  var sum = 0.0;
  for (var part = lane; part < args.parts; part += STEP) {
    product += products[part * args.channels + c];
    sum += sums[part * args.channels + c];
  }
  product = total(product, lane);
  sum = total(sum, lane);
  if (lane != 0u) { return; }
  dweight[c] = product * rstd[c];
  dbias[c] = sum;
}
`,
  });

const merge = /* @__PURE__ */ mergeBy(MERGING);
const mergeAlone = /* @__PURE__ */ mergeBy(1);

export const batchNormParamGrad: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "batchNormParamGrad",
  infer(inputs) {
    checkChannels("batchNormParamGrad", inputs, [0, 3], ["x [.., C]", "mean [C]", "rstd [C]", "dy like x"]);
    const { channels } = rowsOf(inputs[0]!);
    return [f32(channels), f32(channels)];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => partSettings(caps, extentsOf(x!)),
      lower({ inputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const { rows, channels } = rowsOf(x);
        const chosen = (settings ?? partSettings(caps, extentsOf(x))[0]!) as unknown as PartSettings;
        const count = Math.ceil(rows / chosen.rowsPerPart);
        const sums = { products: { scratch: 0 }, sums: { scratch: 1 } };
        const bind = { x: { input: 0 }, mean: { input: 1 }, dy: { input: 3 }, ...sums };
        return {
          scratch: [f32(count, channels), f32(count, channels)],
          dispatches: [
            launchParts(parts, caps, extentsOf(x), chosen, bind, {}),
            dispatch(chosen.lanes === 1 ? mergeAlone : merge, caps, {
              ...gridOfItems(chosen.lanes === 1 ? 1 : MERGING, channels),
              bind: { ...sums, rstd: { input: 2 }, dweight: { output: 0 }, dbias: { output: 1 } },
              args: { channels, parts: count },
            }),
          ],
        };
      },
    },
  ],
});
