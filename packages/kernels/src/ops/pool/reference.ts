import type { Problem } from "../../op.js";
import { sizeOf } from "../../spec.js";
import { type Reference, sumOf, type Tolerance } from "../../testing/record.js";
import type { AveragePoolParams } from "./average-pool.js";
import type { AveragePoolGradParams } from "./average-pool-grad.js";
import { mostWindows, type PoolParams } from "./geometry.js";
import type { GlobalAveragePoolParams } from "./global-average-pool.js";
import type { GlobalAveragePoolGradParams } from "./global-average-pool-grad.js";

/** Calls `visit` for every output and every tap that falls on x or on its padding (then there is no input). */
function eachTap(
  { inputs, outputs, params }: Problem<PoolParams>,
  visit: (output: number, input: number | undefined) => void,
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
              visit(output, inside ? ((b * h + row) * w + col) * c + ch : undefined);
            }
}

export const referenceMaxPool: Reference<PoolParams> = ([x], problem) => {
  const y = new Float64Array(sizeOf(problem.outputs[0]!)).fill(Number.NEGATIVE_INFINITY);
  eachTap(problem, (o, i) => {
    if (i !== undefined) y[o] = Math.max(y[o]!, x![i]!);
  });
  return [y];
};

/** Elements of each window that an average is divided by. */
function countElements(problem: Problem<AveragePoolParams>): Float64Array {
  const count = new Float64Array(sizeOf(problem.outputs[0]!));
  eachTap(problem, (o, i) => {
    if (i !== undefined || problem.params.countPadding) count[o]!++;
  });
  return count;
}

export const referenceAveragePool: Reference<AveragePoolParams> = ([x], problem) => {
  const sum = new Float64Array(sizeOf(problem.outputs[0]!));
  eachTap(problem, (o, i) => {
    if (i !== undefined) sum[o]! += x![i]!;
  });
  const count = countElements(problem);
  return [sum.map((s, o) => s / count[o]!)];
};

export const referenceGlobalAveragePool: Reference<GlobalAveragePoolParams> = ([x], { inputs }) => {
  const [n, h, w, c] = inputs[0]!.shape as [number, number, number, number];
  const y = new Float64Array(n * c);
  for (let b = 0; b < n; b++)
    for (let pixel = 0; pixel < h * w; pixel++)
      for (let ch = 0; ch < c; ch++) y[b * c + ch]! += x![(b * h * w + pixel) * c + ch]! / (h * w);
  return [y];
};

/** Finds the largest elements itself, so that a wrong y shows. */
export const referenceMaxPoolGrad: Reference<PoolParams> = ([x, , dy], { inputs, params }) => {
  const largest = new Map<number, number>();
  eachTap({ inputs: [inputs[0]!], outputs: [inputs[1]!], params }, (o, i) => {
    if (i === undefined) return;
    const best = x![largest.get(o) ?? i]!;
    const wins = Number.isNaN(x![i]!) ? !Number.isNaN(best) : x![i]! > best;
    if (wins || !largest.has(o)) largest.set(o, i);
  });
  const dx = new Float64Array(x!.length);
  for (const [o, i] of largest) dx[i]! += dy![o]!;
  return [dx];
};

export const referenceAveragePoolGrad: Reference<AveragePoolGradParams> = ([dy], { inputs, outputs, params }) => {
  const forward = { inputs: outputs, outputs: inputs, params };
  const count = countElements(forward);
  const dx = new Float64Array(sizeOf(outputs[0]!));
  eachTap(forward, (o, i) => {
    if (i !== undefined) dx[i]! += dy![o]! / count[o]!;
  });
  return [dx];
};

export const referenceGlobalAveragePoolGrad: Reference<GlobalAveragePoolGradParams> = ([dy], { inputs, outputs }) => {
  const channels = inputs[0]!.shape.at(-1)!;
  const perImage = sizeOf(outputs[0]!) / inputs[0]!.shape[0]!;
  const dx = new Float64Array(sizeOf(outputs[0]!));
  return [dx.map((_, i) => (dy![Math.floor(i / perImage) * channels + (i % channels)]! * channels) / perImage)];
};

// One term more for the division.
export const averagePoolTolerance: Tolerance<AveragePoolParams> = sumOf(
  ({ params }) => params.kernel[0] * params.kernel[1] + 1,
);
export const globalAveragePoolTolerance: Tolerance<GlobalAveragePoolParams> = sumOf(
  ({ inputs }) => inputs[0]!.shape[1]! * inputs[0]!.shape[2]! + 1,
);

/** Sums of dy, one for each window that holds the element; the place of the largest element must not move. */
export const maxPoolGradTolerance: Tolerance<PoolParams> = (problem, [x, y, dy], expected, reference) => {
  const sums = sumOf<PoolParams>(({ params }) => mostWindows(params));
  return sums(problem, [dy!], expected, ([magnitude]) => reference([x!, y!, magnitude!], problem));
};

export const averagePoolGradTolerance: Tolerance<AveragePoolGradParams> = sumOf(
  ({ params }) => mostWindows(params) + 1,
);
