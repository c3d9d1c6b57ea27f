import type { NoParams } from "../../op.js";
import { EPSILON, type Reference, type Tolerance } from "../../testing/record.js";

type Shape = readonly [number, number, number, number];

/** Each element, its partner's, and the share of the first: 0 inside the box. */
function visit(
  [x, partner, share, box]: readonly Float64Array[],
  [batch, height, width, channels]: Shape,
  take: (own: number, other: number, share: number) => number,
): Float64Array {
  const y: number[] = [];
  const at = (n: number, h: number, w: number, c: number): number => x![((n * height + h) * width + w) * channels + c]!;
  for (let n = 0; n < batch; n++) {
    const [left, top, right, bottom] = box!.subarray(4 * n, 4 * n + 4) as unknown as Shape;
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        const inside = left <= w && w < right && top <= h && h < bottom;
        for (let c = 0; c < channels; c++) {
          y.push(take(at(n, h, w, c), at(partner![n]!, h, w, c), inside ? 0 : share![n]!));
        }
      }
    }
  }
  return Float64Array.from(y);
}

export const referenceMixSamples: Reference<NoParams> = (inputs, { outputs }) => [
  visit(inputs, outputs[0]!.shape as Shape, (own, other, share) => share * own + (1 - share) * other),
];

/** In units of 2^-24 of what is added: 1 for 1 - share, 1 for the product, 1 for the sum; inside the box nothing is computed. */
export const mixSamplesTolerance: Tolerance<NoParams> = ({ outputs }, inputs) => [
  visit(inputs, outputs[0]!.shape as Shape, (own, other, share) =>
    share === 0 ? 0 : 3 * EPSILON * (share * Math.abs(own) + (1 - share) * Math.abs(other)),
  ),
];
