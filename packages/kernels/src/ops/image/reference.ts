import { sizeOf } from "../../spec.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";
import type { CropParams } from "./crop-image.js";
import type { NormalizeParams } from "./normalize-image.js";
import type { ResampleParams } from "./resample-image.js";

export const referenceResampleImage: Reference<ResampleParams> = (
  [x, starts, weights],
  { inputs, outputs, params },
) => {
  const [n, h, w] = inputs[0]!.shape as [number, number, number, number];
  const [, oh, ow] = outputs[0]!.shape as [number, number, number, number];
  const taps = inputs[2]!.shape[1]!;
  const y = new Float64Array(sizeOf(outputs[0]!));
  let at = 0;
  for (let b = 0; b < n; b++)
    for (let r = 0; r < oh; r++)
      for (let q = 0; q < ow; q++)
        for (let c = 0; c < 4; c++) {
          const o = params.axis === "height" ? r : q;
          let sum = 0;
          for (let t = 0; t < taps; t++) {
            const weight = weights![o * taps + t]!;
            if (weight === 0) continue;
            const from = starts![o]! + t;
            const row = params.axis === "height" ? from : r;
            const col = params.axis === "height" ? q : from;
            sum += weight * x![((b * h + row) * w + col) * 4 + c]!;
          }
          y[at++] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22 + 0.5)));
        }
  return [y];
};

export const referenceCropImage: Reference<CropParams> = ([x], { inputs, params }) => {
  const [n, h, w] = inputs[0]!.shape as [number, number, number, number];
  const y: number[] = [];
  for (let b = 0; b < n; b++)
    for (let row = params.top; row < params.top + params.height; row++)
      for (let col = params.left; col < params.left + params.width; col++)
        for (let c = 0; c < 4; c++) y.push(x![((b * h + row) * w + col) * 4 + c]!);
  return [Float64Array.from(y)];
};

export const referenceNormalizeImage: Reference<NormalizeParams> = ([x], { params: { mean, std } }) => {
  const y: number[] = [];
  x!.forEach((v, i) => {
    const c = i % 4;
    if (c < 3) y.push((v / 255 - mean[c]!) / std[c]!);
  });
  return [Float64Array.from(y)];
};

/** x * scale + offset: scale, offset, product and sum are rounded once each, at most (x scale + |offset|) 2^-24 apiece. */
export const normalizeImageTolerance: Tolerance<NormalizeParams> = (problem, inputs, _expected, reference) => {
  const mean = problem.params.mean.map((v) => -Math.abs(v)) as unknown as NormalizeParams["mean"];
  const magnitude = reference(inputs, { ...problem, params: { ...problem.params, mean } });
  return magnitude.map((m) => m.map((v) => 4 * EPSILON * v));
};
