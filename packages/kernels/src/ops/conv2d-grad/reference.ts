import { sizeOf } from "../../spec.js";
import { endSums } from "../../testing/end-sums.js";
import type { Reference } from "../../testing/record.js";
import type { GroupedWindow } from "../conv2d/geometry.js";
import type { ConvInputGradParams, ConvWeightGradParams } from "./geometry.js";

type Shape4 = readonly [number, number, number, number];

interface Extents {
  readonly x: Shape4;
  readonly w: Shape4;
  readonly y: Shape4;
}

const shapeOf = ({ shape }: { readonly shape: readonly number[] }): Shape4 => shape as unknown as Shape4;

/** Calls `meet` with the offsets of the pixel of x, the tap of w and the pixel of y of every place of the window. */
function eachMeeting(
  { x: [N, H, W, C], w: [KH, KW, CG, OC], y: [, OH, OW] }: Extents,
  { stride, pad, dilation }: GroupedWindow,
  meet: (pixel: number, tap: number, result: number) => void,
): void {
  for (let n = 0; n < N; n++)
    for (let oh = 0; oh < OH; oh++)
      for (let ow = 0; ow < OW; ow++)
        for (let kh = 0; kh < KH; kh++)
          for (let kw = 0; kw < KW; kw++) {
            const h = oh * stride[0] + kh * dilation[0] - pad[0];
            const v = ow * stride[1] + kw * dilation[1] - pad[2];
            if (h < 0 || h >= H || v < 0 || v >= W) continue;
            meet(((n * H + h) * W + v) * C, (kh * KW + kw) * CG * OC, ((n * OH + oh) * OW + ow) * OC);
          }
}

export const referenceConv2dInputGrad: Reference<ConvInputGradParams> = (values, problem) => {
  const [dy, w] = values;
  const { inputs, outputs, params } = problem;
  const shapes = { x: shapeOf(outputs[0]!), w: shapeOf(inputs[1]!), y: shapeOf(inputs[0]!) };
  const [, , CG, OC] = shapes.w;
  const dx = new Float64Array(sizeOf(outputs[0]!));
  eachMeeting(shapes, params, (pixel, tap, result) => {
    for (let oc = 0; oc < OC; oc++) {
      const first = pixel + Math.floor((oc * params.groups) / OC) * CG;
      for (let c = 0; c < CG; c++) dx[first + c]! += dy![result + oc]! * w![tap + c * OC + oc]!;
    }
  });
  return [endSums(dx, values, problem)];
};

export const referenceConv2dWeightGrad: Reference<ConvWeightGradParams> = ([x, dy], { inputs, outputs, params }) => {
  const shapes = { x: shapeOf(inputs[0]!), w: shapeOf(outputs[0]!), y: shapeOf(inputs[1]!) };
  const [, , CG, OC] = shapes.w;
  const dw = new Float64Array(sizeOf(outputs[0]!));
  eachMeeting(shapes, params, (pixel, tap, result) => {
    for (let oc = 0; oc < OC; oc++) {
      const first = pixel + Math.floor((oc * params.groups) / OC) * CG;
      for (let c = 0; c < CG; c++) dw[tap + c * OC + oc]! += x![first + c]! * dy![result + oc]!;
    }
  });
  return [dw];
};
