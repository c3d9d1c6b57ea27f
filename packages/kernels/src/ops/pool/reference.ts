import type { NoParams, Problem } from "../../op.js";
import { sizeOf } from "../../spec.js";
import { type Reference, sumOf, type Tolerance } from "../../testing/record.js";
import type { AveragePoolParams } from "./average-pool.js";
import type { PoolParams } from "./geometry.js";

/** Calls `visit` for every output and every tap that falls on x or on its padding (then the value is undefined). */
function eachTap(
  x: Float64Array,
  { inputs, outputs, params }: Problem<PoolParams>,
  visit: (output: number, value: number | undefined) => void,
): void {
  const [n, h, w, c] = inputs[0]!.shape as [number, number, number, number];
  const [, oh, ow] = outputs[0]!.shape as [number, number, number, number];
  const [top, bottom, left, right] = params.pad;
  let output = 0;
  for (let b = 0; b < n; b++)
    for (let r = 0; r < oh; r++)
      for (let q = 0; q < ow; q++)
        for (let ch = 0; ch < c; ch++, output++)
          for (let kh = 0; kh < params.kernel[0]; kh++)
            for (let kw = 0; kw < params.kernel[1]; kw++) {
              const row = r * params.stride[0] + kh - top;
              const col = q * params.stride[1] + kw - left;
              if (row >= h + bottom || col >= w + right) continue;
              const inside = row >= 0 && row < h && col >= 0 && col < w;
              visit(output, inside ? x[((b * h + row) * w + col) * c + ch] : undefined);
            }
}

export const referenceMaxPool: Reference<PoolParams> = ([x], problem) => {
  const y = new Float64Array(sizeOf(problem.outputs[0]!)).fill(Number.NEGATIVE_INFINITY);
  eachTap(x!, problem, (o, v) => {
    if (v !== undefined) y[o] = Math.max(y[o]!, v);
  });
  return [y];
};

export const referenceAveragePool: Reference<AveragePoolParams> = ([x], problem) => {
  const sum = new Float64Array(sizeOf(problem.outputs[0]!));
  const count = new Float64Array(sum.length);
  eachTap(x!, problem, (o, v) => {
    sum[o]! += v ?? 0;
    if (v !== undefined || problem.params.countPadding) count[o]!++;
  });
  return [sum.map((s, o) => s / count[o]!)];
};

export const referenceGlobalAveragePool: Reference<NoParams> = ([x], { inputs }) => {
  const [n, h, w, c] = inputs[0]!.shape as [number, number, number, number];
  const y = new Float64Array(n * c);
  for (let b = 0; b < n; b++)
    for (let pixel = 0; pixel < h * w; pixel++)
      for (let ch = 0; ch < c; ch++) y[b * c + ch]! += x![(b * h * w + pixel) * c + ch]! / (h * w);
  return [y];
};

// One term more for the division.
export const averagePoolTolerance: Tolerance<AveragePoolParams> = sumOf(
  ({ params }) => params.kernel[0] * params.kernel[1] + 1,
);
export const globalAveragePoolTolerance: Tolerance<NoParams> = sumOf(
  ({ inputs }) => inputs[0]!.shape[1]! * inputs[0]!.shape[2]! + 1,
);
