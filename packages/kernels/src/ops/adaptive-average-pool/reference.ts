import type { Problem } from "../../op.js";
import { type Reference, sumOf, type Tolerance } from "../../testing/record.js";
import type { AdaptiveAveragePoolGradParams } from "./input-grad.js";
import type { AdaptiveAveragePoolParams } from "./op.js";

/** Every element of a picture with every output whose window holds it, and one over the elements of that window. */
function eachShare(
  [n, h, w, c]: readonly number[],
  [, oh, ow]: readonly number[],
  visit: (input: number, output: number, share: number) => void,
): void {
  const span = (o: number, outs: number, ins: number): [number, number] => [
    Math.floor((o * ins) / outs),
    Math.ceil(((o + 1) * ins) / outs),
  ];
  for (let b = 0; b < n!; b++)
    for (let r = 0; r < oh!; r++)
      for (let q = 0; q < ow!; q++) {
        const [top, bottom] = span(r, oh!, h!);
        const [left, right] = span(q, ow!, w!);
        const share = 1 / ((bottom - top) * (right - left));
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++)
            for (let ch = 0; ch < c!; ch++)
              visit(((b * h! + row) * w! + column) * c! + ch, ((b * oh! + r) * ow! + q) * c! + ch, share);
      }
}

export const referenceAdaptiveAveragePool: Reference<AdaptiveAveragePoolParams> = ([x], { inputs, outputs }) => {
  const y = new Float64Array(outputs[0]!.shape.reduce((a, b) => a * b));
  eachShare(inputs[0]!.shape, outputs[0]!.shape, (i, o, share) => {
    y[o]! += x![i]! * share;
  });
  return [y];
};

export const referenceAdaptiveAveragePoolGrad: Reference<AdaptiveAveragePoolGradParams> = (
  [dy],
  { inputs, outputs },
) => {
  const dx = new Float64Array(outputs[0]!.shape.reduce((a, b) => a * b));
  eachShare(outputs[0]!.shape, inputs[0]!.shape, (i, o, share) => {
    dx[i]! += dy![o]! * share;
  });
  return [dx];
};

type Sizes = Pick<Problem<unknown>, "inputs" | "outputs">;

/** Most elements that one side covers of the other, and the division. */
const terms = ({ inputs: [a], outputs: [b] }: Sizes): number =>
  [1, 2].reduce((product, d) => product * (Math.ceil(a!.shape[d]! / b!.shape[d]!) + 1), 1) + 2.5;

export const adaptiveAveragePoolTolerance: Tolerance<AdaptiveAveragePoolParams> = /* @__PURE__ */ sumOf(terms);
export const adaptiveAveragePoolGradTolerance: Tolerance<AdaptiveAveragePoolGradParams> = /* @__PURE__ */ sumOf(terms);
