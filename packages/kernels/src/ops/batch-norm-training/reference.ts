import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";
import type { BatchNormTrainingParams } from "./op.js";

/** Mean of `value(i)` over the elements i of every channel. */
const channelMeans = (size: number, channels: number, value: (i: number) => number): Float64Array => {
  const means = new Float64Array(channels);
  for (let i = 0; i < size; i++) means[i % channels]! += value(i) / (size / channels);
  return means;
};

export const referenceBatchNormTraining: Reference<BatchNormTrainingParams> = (
  [x, weight, bias, runningMean, runningVar, residual],
  { params: { eps, momentum, activation = "none" } },
) => {
  const channels = weight!.length;
  const n = x!.length / channels;
  const mean = channelMeans(x!.length, channels, (i) => x![i]!);
  const variance = channelMeans(x!.length, channels, (i) => (x![i]! - mean[i % channels]!) ** 2);
  const rstd = variance.map((v) => 1 / Math.sqrt(v + eps));
  const y = x!.map((v, i) => {
    const c = i % channels;
    const normal = (v - mean[c]!) * rstd[c]! * weight![c]! + bias![c]! + (residual?.[i] ?? 0);
    if (activation === "none") return normal;
    return Math.min(Math.max(normal, 0), activation === "relu6" ? 6 : Number.POSITIVE_INFINITY);
  });
  const follow = (running: Float64Array, batch: Float64Array): Float64Array =>
    running.map((r, c) => (1 - momentum) * r + momentum * batch[c]!);
  const unbiased = variance.map((v) => (v * n) / (n - 1));
  return [y, mean, rstd, follow(runningMean!, mean), follow(runningVar!, unbiased)];
};

export const referenceBatchNormParamGrad: Reference<NoParams> = ([x, mean, rstd, dy]) => {
  const channels = mean!.length;
  const dweight = new Float64Array(channels);
  const dbias = new Float64Array(channels);
  dy!.forEach((g, i) => {
    const c = i % channels;
    dweight[c]! += g * (x![i]! - mean![c]!) * rstd![c]!;
    dbias[c]! += g;
  });
  return [dweight, dbias];
};

export const referenceBatchNormInputGrad: Reference<NoParams> = ([x, weight, mean, rstd, dy, dweight, dbias]) => {
  const channels = weight!.length;
  const n = x!.length / channels;
  return [
    dy!.map((g, i) => {
      const c = i % channels;
      const normal = (x![i]! - mean![c]!) * rstd![c]!;
      return weight![c]! * rstd![c]! * (g - dbias![c]! / n - (normal * dweight![c]!) / n);
    }),
  ];
};
