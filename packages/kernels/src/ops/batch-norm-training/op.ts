/**
 * Batch normalisation with the statistics of the batch, which the running ones follow, in place.
 *
 *   mean[c] = mean of x[.., c],  var[c] = mean of (x[.., c] - mean[c])^2,  rstd[c] = 1 / sqrt(var[c] + eps)
 *   y[.., c] = activate((x[.., c] - mean[c]) * rstd[c] * weight[c] + bias[c])
 *   runningMean' = (1 - momentum) runningMean + momentum mean
 *   runningVar'  = (1 - momentum) runningVar + momentum var n / (n - 1)          (n values per channel)
 *
 * Shapes   x f32 [.., C]; weight, bias, runningMean, runningVar f32 [C]
 *          -> y [.., C], mean [C], rstd [C], runningMean', runningVar', which overwrite their inputs
 * Throws   E_SHAPE where a channel has one value, which has no variance
 * Method   rows are cut into parts; each takes its mean, then the squared distances from it, so a mean far from zero
 *          costs no digits; parts are merged in fixed order
 * Needs    scratch of 2 x parts x C elements
 * Source   Ioffe and Szegedy 2015, Batch Normalization; merging: Chan, Golub and LeVeque 1979
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Activation, activate, activationCode, flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { byInvocation, byWorkgroup, gridFor, lanesFor, type Merging } from "./merging.js";
import { checkChannels, partsOf, ROWS_PER_THREAD, rowsOf, rowsPerPart } from "./rows.js";

export interface BatchNormTrainingParams {
  /** Added to the variance. */
  readonly eps: number;
  /** Share of the batch in the running statistics. */
  readonly momentum: number;
  /** Default "none". */
  readonly activation?: Activation;
}

const parts = /* @__PURE__ */ defineKernel({
  name: "batchNormTraining/plain/parts",
  bindings: { x: "read f32", means: "write f32", squares: "write f32" },
  args: { size: "u32", rows: "u32", channels: "u32", rowsPerPart: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local); // part * channels + channel
  if (i >= args.size) { return; }
  let first = i / args.channels * args.rowsPerPart;
  let count = min(args.rowsPerPart, args.rows - first);
  let begin = first * args.channels + i % args.channels;
  let end = begin + count * args.channels;
  var sum = 0.0;
  for (var at = begin; at < end; at += args.channels) { sum += x[at]; }
  let mean = sum / f32(count);
  var square = 0.0;
  for (var at = begin; at < end; at += args.channels) {
    let d = x[at] - mean;
    square += d * d;
  }
  means[i] = mean;
  squares[i] = square;
}
`,
});

const mergeBy = ({ workgroup, functions }: Merging) =>
  defineKernel({
    name: "batchNormTraining/plain/merge",
    bindings: {
      means: "read f32",
      squares: "read f32",
      mean: "write f32",
      rstd: "write f32",
      runningMean: "write f32",
      runningVar: "write f32",
    },
    args: {
      rows: "u32",
      channels: "u32",
      rowsPerPart: "u32",
      parts: "u32",
      eps: "f32",
      momentum: "f32",
    },
    workgroup,
    functions,
    body: wgsl`
fn rows_of(part: u32) -> f32 {
  return f32(min(args.rowsPerPart, args.rows - part * args.rowsPerPart));
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = channel_of(group, groups, local);
  let lane = lane_of(local);
  if (c >= args.channels) { return; }
  let n = f32(args.rows);
  var sum = 0.0;
  for (var part = lane; part < args.parts; part += STEP) { sum += rows_of(part) * means[part * args.channels + c]; }
  let center = total(sum, lane) / n;
  var square = 0.0;
  for (var part = lane; part < args.parts; part += STEP) {
    let d = means[part * args.channels + c] - center;
    square += squares[part * args.channels + c] + rows_of(part) * d * d;
  }
  square = total(square, lane);
  if (lane != 0u) { return; }
  mean[c] = center;
  rstd[c] = inverseSqrt(square / n + args.eps);
  let keep = 1.0 - args.momentum;
  runningMean[c] = keep * runningMean[c] + args.momentum * center;
  runningVar[c] = keep * runningVar[c] + args.momentum * (square / (n - 1.0));
}
`,
  });

const merge = /* @__PURE__ */ mergeBy(byWorkgroup);
const mergeAlone = /* @__PURE__ */ mergeBy(byInvocation);

const normalize = /* @__PURE__ */ defineKernel({
  name: "batchNormTraining/plain/normalize",
  bindings: {
    x: "read f32",
    weight: "read f32",
    bias: "read f32",
    mean: "read f32",
    rstd: "read f32",
    y: "write f32",
  },
  args: { size: "u32", rows: "u32", channels: "u32", rowsPerThread: "u32", activation: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex, activate],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  let c = i % args.channels;
  let first = i / args.channels * args.rowsPerThread;
  let end = min(first + args.rowsPerThread, args.rows) * args.channels;
  let center = mean[c];
  let scale = weight[c] * rstd[c];
  let shift = bias[c];
  for (var at = first * args.channels + c; at < end; at += args.channels) {
    y[at] = activate((x[at] - center) * scale + shift, args.activation);
  }
}
`,
});

export const batchNormTraining: Op<BatchNormTrainingParams> = /* @__PURE__ */ defineOp<BatchNormTrainingParams>({
  name: "batchNormTraining",
  infer(inputs, { eps, momentum }) {
    const perChannel = ["weight [C]", "bias [C]", "running mean [C]", "running variance [C]"];
    checkChannels("batchNormTraining", inputs, [0], ["x [.., C]", ...perChannel]);
    const [x] = inputs as [Spec];
    const { rows, channels } = rowsOf(x);
    check(
      rows > 1,
      "E_SHAPE",
      () =>
        `batchNormTraining: expects at least 2 values per channel, found ${formatSpec(x)}: one value has no variance; use a larger batch or freeze batch norm`,
    );
    check(eps > 0, "E_USAGE", () => `batchNormTraining: eps must be above 0, found ${eps}`);
    check(
      momentum >= 0 && momentum <= 1,
      "E_USAGE",
      () => `batchNormTraining: momentum must be from 0 to 1, found ${momentum}`,
    );
    return [x, f32(channels), f32(channels), f32(channels), f32(channels)];
  },
  alias: [undefined, undefined, undefined, 3, 4],
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => lanesFor(caps, partsOf(x!)),
      lower({ inputs, params: { eps, momentum, activation = "none" } }, caps, settings) {
        const [x] = inputs as [Spec];
        const { rows, channels } = rowsOf(x);
        const cut = { rows, channels, rowsPerPart: rowsPerPart(x) };
        const count = partsOf(x);
        const alone = (settings ?? lanesFor(caps, count)[0]!).lanes === 1;
        const sums = { means: { scratch: 0 }, squares: { scratch: 1 } };
        const statistics = { mean: { output: 1 }, rstd: { output: 2 } };
        const threads = Math.ceil(rows / ROWS_PER_THREAD) * channels;
        return {
          scratch: [f32(count, channels), f32(count, channels)],
          dispatches: [
            dispatch(parts, caps, {
              threads: count * channels,
              bind: { x: { input: 0 }, ...sums },
              args: { size: count * channels, ...cut },
            }),
            dispatch(alone ? mergeAlone : merge, caps, {
              ...gridFor(alone, channels),
              bind: { ...sums, ...statistics, runningMean: { output: 3 }, runningVar: { output: 4 } },
              args: { ...cut, parts: count, eps, momentum },
            }),
            dispatch(normalize, caps, {
              threads,
              bind: { x: { input: 0 }, weight: { input: 1 }, bias: { input: 2 }, ...statistics, y: { output: 0 } },
              args: {
                size: threads,
                rows,
                channels,
                rowsPerThread: ROWS_PER_THREAD,
                activation: activationCode[activation],
              },
            }),
          ],
        };
      },
    },
  ],
});
