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
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { byInvocation, byWorkgroup, gridFor, lanesFor, type Merging } from "./merging.js";
import { checkChannels, partsOf, rowsOf, rowsPerPart } from "./rows.js";

const parts = /* @__PURE__ */ defineKernel({
  name: "batchNormParamGrad/plain/parts",
  bindings: { x: "read f32", mean: "read f32", dy: "read f32", products: "write f32", sums: "write f32" },
  args: { size: "u32", rows: "u32", channels: "u32", rowsPerPart: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local); // part * channels + channel
  if (i >= args.size) { return; }
  let c = i % args.channels;
  let first = i / args.channels * args.rowsPerPart;
  let end = min(first + args.rowsPerPart, args.rows) * args.channels;
  let center = mean[c];
  var product = 0.0;
  var sum = 0.0;
  for (var at = first * args.channels + c; at < end; at += args.channels) {
    let g = dy[at];
    product += g * (x[at] - center);
    sum += g;
  }
  products[i] = product;
  sums[i] = sum;
}
`,
});

const mergeBy = ({ workgroup, functions }: Merging) =>
  defineKernel({
    name: "batchNormParamGrad/plain/total",
    bindings: { products: "read f32", sums: "read f32", rstd: "read f32", dweight: "write f32", dbias: "write f32" },
    args: { channels: "u32", parts: "u32" },
    workgroup,
    functions,
    body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = channel_of(group, groups, local);
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

const merge = /* @__PURE__ */ mergeBy(byWorkgroup);
const mergeAlone = /* @__PURE__ */ mergeBy(byInvocation);

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
      settings: ({ inputs: [x] }, caps) => lanesFor(caps, partsOf(x!)),
      lower({ inputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const { rows, channels } = rowsOf(x);
        const perPart = rowsPerPart(x);
        const count = partsOf(x);
        const alone = (settings ?? lanesFor(caps, count)[0]!).lanes === 1;
        const sums = { products: { scratch: 0 }, sums: { scratch: 1 } };
        return {
          scratch: [f32(count, channels), f32(count, channels)],
          dispatches: [
            dispatch(parts, caps, {
              threads: count * channels,
              bind: { x: { input: 0 }, mean: { input: 1 }, dy: { input: 3 }, ...sums },
              args: { size: count * channels, rows, channels, rowsPerPart: perPart },
            }),
            dispatch(alone ? mergeAlone : merge, caps, {
              ...gridFor(alone, channels),
              bind: { ...sums, rstd: { input: 2 }, dweight: { output: 0 }, dbias: { output: 1 } },
              args: { channels, parts: count },
            }),
          ],
        };
      },
    },
  ],
});
