/**
 * Batch normalisation with the statistics of the batch, which the running ones follow, in place.
 *
 *   mean[c] = mean of x[.., c],  var[c] = mean of (x[.., c] - mean[c])^2,  rstd[c] = 1 / sqrt(var[c] + eps)
 *   y[.., c] = activate((x[.., c] - mean[c]) * rstd[c] * weight[c] + bias[c] + residual[.., c])
 *   runningMean' = (1 - momentum) runningMean + momentum mean
 *   runningVar'  = (1 - momentum) runningVar + momentum var n / (n - 1)          (n values per channel)
 *
 * Shapes   x f32 [.., C]; weight, bias, runningMean, runningVar f32 [C]; residual like x, which may be left out
 *          -> y [.., C], mean [C], rstd [C], runningMean', runningVar', which overwrite their inputs
 * Throws   E_SHAPE where a channel has one value, which has no variance
 * Method   x is read twice: once for the statistics, once to be normalised. Rows are cut into parts; each sums the distances
 *          d from one of its values and their squares, so a mean far from zero costs no digits: sum of (x - mean)^2 =
 *          sum of d^2 - (sum of d)^2 / n. That value is the median of three, so that no outlier makes both terms large; parts
 *          are merged in fixed order
 * Needs    scratch of 2 x parts x C elements
 * Source   Ioffe and Szegedy 2015, Batch Normalization; merging: Chan, Golub and LeVeque 1979
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { definePartSums, launchParts, type PartSettings, partSettings } from "../../variants/part-sums.js";
import { gridOfItems, sharedBy } from "../../variants/sharing.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Activation, activationCode, flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { activateValue, defineWide, type WideBinding } from "../../wgsl/width.js";
import { checkChannels, extentsOf, MERGING, rowGrid, rowSettings, rowsOf } from "./rows.js";

export interface BatchNormTrainingParams {
  /** Added to the variance. */
  readonly eps: number;
  /** Share of the batch in the running statistics. */
  readonly momentum: number;
  /** Default "none". */
  readonly activation?: Activation;
}

const parts = /* @__PURE__ */ definePartSums({
  name: "batchNormTraining/plain/parts",
  bindings: { x: "read wide", means: "write wide", squares: "write wide" },
  args: {},
  body: wgsl`
// Sums of distances from a value of the part, and of their squares.
struct Sums { shift: Value, sum: Value, squares: Value }
fn begin(first: u32, column: u32) -> Sums {
  let last = min(first + args.rowsPerPart, args.rows) - 1u;
  let a = x[first * args.columns + column];
  let b = x[(first + last) / 2u * args.columns + column];
  let c = x[last * args.columns + column];
  return Sums(max(min(a, b), min(max(a, b), c)), Value(), Value());
}
fn with_row(sums: Sums, at: u32) -> Sums {
  let d = x[at] - sums.shift;
  return Sums(sums.shift, sums.sum + d, sums.squares + d * d);
}
fn join(a: Sums, b: Sums) -> Sums { return Sums(a.shift, a.sum + b.sum, a.squares + b.squares); }
fn finish(sums: Sums, i: u32, column: u32, count: f32) {
  let mean = sums.sum / count;
  let square = sums.squares - sums.sum * mean;
  means[i] = sums.shift + mean;
  squares[i] = select(square, Value(), square < Value());
}
`,
});

const mergeBy = (lanes: number) =>
  defineKernel({
    ...sharedBy(lanes),
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
    body: wgsl`
fn rows_of(part: u32) -> f32 {
  return f32(min(args.rowsPerPart, args.rows - part * args.rowsPerPart));
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = item_of(group, groups, local);
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

const merge = /* @__PURE__ */ mergeBy(MERGING);
const mergeAlone = /* @__PURE__ */ mergeBy(1);

const noResidual = wgsl`
fn with_residual(v: Value, at: u32) -> Value { return v; }
`;
const addResidual = wgsl`
fn with_residual(v: Value, at: u32) -> Value { return v + residual[at]; }
`;

const normalizeBy = (bindings: Readonly<Record<string, WideBinding>>, withResidual: string) =>
  defineWide({
    name: "batchNormTraining/plain/normalize",
    bindings: {
      x: "read wide",
      weight: "read wide",
      bias: "read wide",
      mean: "read wide",
      rstd: "read wide",
      ...bindings,
      y: "write wide",
    },
    args: { size: "u32", rows: "u32", channels: "u32", rowsPerThread: "u32", activation: "u32" },
    workgroup: [64, 1, 1],
    functions: [flatIndex, activateValue, withResidual],
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
    y[at] = activate_value(with_residual((x[at] - center) * scale + shift, at), args.activation);
  }
}
`,
  });

const normalize = /* @__PURE__ */ normalizeBy({}, noResidual);
const normalizeAndAdd = /* @__PURE__ */ normalizeBy({ residual: "read wide" }, addResidual);

export const batchNormTraining: Op<BatchNormTrainingParams> = /* @__PURE__ */ defineOp<BatchNormTrainingParams>({
  name: "batchNormTraining",
  infer(inputs, { eps, momentum }) {
    const perChannel = ["weight [C]", "bias [C]", "running mean [C]", "running variance [C]"];
    const residual = inputs.length > 5 ? ["residual like x"] : [];
    checkChannels("batchNormTraining", inputs, [0, 5], ["x [.., C]", ...perChannel, ...residual]);
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
  onlyTraining: "replaced",
  alias: [undefined, undefined, undefined, 3, 4],
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => partSettings(caps, extentsOf(x!)),
      lower({ inputs, params: { eps, momentum, activation = "none" } }, caps, settings) {
        const [x] = inputs as [Spec];
        const { rows, channels } = rowsOf(x);
        const chosen = (settings ?? partSettings(caps, extentsOf(x))[0]!) as unknown as PartSettings;
        const { width, lanes, rowsPerPart } = chosen;
        const count = Math.ceil(rows / rowsPerPart);
        const sums = { means: { scratch: 0 }, squares: { scratch: 1 } };
        const statistics = { mean: { output: 1 }, rstd: { output: 2 } };
        const { threads, ...grid } = rowGrid(x, { width, rowsPerThread: rowSettings(x, caps)[0]!.rowsPerThread });
        return {
          scratch: [f32(count, channels), f32(count, channels)],
          dispatches: [
            launchParts(parts, caps, extentsOf(x), chosen, { x: { input: 0 }, ...sums }, {}),
            dispatch(lanes === 1 ? mergeAlone : merge, caps, {
              ...gridOfItems(lanes === 1 ? 1 : MERGING, channels),
              bind: { ...sums, ...statistics, runningMean: { output: 3 }, runningVar: { output: 4 } },
              args: { rows, channels, rowsPerPart, parts: count, eps, momentum },
            }),
            dispatch((inputs.length > 5 ? normalizeAndAdd : normalize)[width], caps, {
              threads,
              bind: {
                ...{ x: { input: 0 }, weight: { input: 1 }, bias: { input: 2 }, residual: { input: 5 } },
                ...{ ...statistics, y: { output: 0 } },
              },
              args: { ...grid, activation: activationCode[activation] },
            }),
          ],
        };
      },
    },
  ],
});
