/**
 * Gradient of a batch norm with batch statistics with respect to x, which moves mean and variance too:
 *
 *   dx[.., c] = weight[c] rstd[c] (dy[.., c] - dbias[c] / n - (x[.., c] - mean[c]) rstd[c] dweight[c] / n)
 *
 * with n values per channel.
 *
 * Shapes   x f32 [.., C]; weight, mean, rstd f32 [C]; dy f32 [.., C]; dweight, dbias f32 [C] of `batchNormParamGrad`
 *          -> dx [.., C]
 * Source   Ioffe and Szegedy 2015, section 3
 */
import { defineOp, type NoParams, type Op } from "../../op.js";
import type { Spec } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";
import { defineWide } from "../../wgsl/width.js";
import { checkChannels, type RowSettings, rowGrid, rowSettings } from "./rows.js";

const kernels = /* @__PURE__ */ defineWide({
  name: "batchNormInputGrad/plain",
  bindings: {
    x: "read wide",
    weight: "read wide",
    mean: "read wide",
    rstd: "read wide",
    dy: "read wide",
    dweight: "read wide",
    dbias: "read wide",
    dx: "write wide",
  },
  args: { size: "u32", rows: "u32", channels: "u32", rowsPerThread: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let c = i % args.channels;
  let first = i / args.channels * args.rowsPerThread;
  let end = min(first + args.rowsPerThread, args.rows) * args.channels;
  let n = f32(args.rows);
  let center = mean[c];
  let scale = weight[c] * rstd[c];
  let shift = dbias[c] / n;
  let slope = rstd[c] * dweight[c] / n;
  for (var at = first * args.channels + c; at < end; at += args.channels) {
    dx[at] = scale * (dy[at] - shift - (x[at] - center) * slope);
  }
}
`,
});

export const batchNormInputGrad: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "batchNormInputGrad",
  infer(inputs) {
    const expected = ["x [.., C]", "weight [C]", "mean [C]", "rstd [C]", "dy like x", "dweight [C]", "dbias [C]"];
    checkChannels("batchNormInputGrad", inputs, [0, 4], expected);
    return [inputs[0]!];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => rowSettings(x!, caps),
      lower({ inputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const chosen = (settings ?? rowSettings(x, caps)[0]!) as unknown as RowSettings;
        const { threads, ...args } = rowGrid(x, chosen);
        return {
          dispatches: [
            dispatch(kernels[chosen.width], caps, {
              threads,
              bind: {
                x: { input: 0 },
                weight: { input: 1 },
                mean: { input: 2 },
                rstd: { input: 3 },
                dy: { input: 4 },
                dweight: { input: 5 },
                dbias: { input: 6 },
                dx: { output: 0 },
              },
              args,
            }),
          ],
        };
      },
    },
  ],
});
