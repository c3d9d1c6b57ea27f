import { endSums } from "../../testing/end-sums.js";
import type { Reference } from "../../testing/record.js";
import type { ConvParams } from "./geometry.js";

type Shape4 = readonly [number, number, number, number];

/** Scatters every input value through the weights it meets: another order of loops than the kernels, from the same definition. */
export const referenceConv2d: Reference<ConvParams> = (values, problem) => {
  const [x, w] = values;
  const { inputs, outputs, params } = problem;
  const [N, H, W, C] = inputs[0]!.shape as unknown as Shape4;
  const [KH, KW, CG, OC] = inputs[1]!.shape as unknown as Shape4;
  const [, OH, OW] = outputs[0]!.shape as unknown as Shape4;
  const [SH, SW] = params.stride;
  const [top, , left] = params.pad;
  const y = new Float64Array(N * OH * OW * OC);
  for (let n = 0; n < N; n++)
    for (let h = 0; h < H; h++)
      for (let kh = 0; kh < KH; kh++) {
        const oh = (h + top - kh * params.dilation[0]) / SH;
        if (!Number.isInteger(oh) || oh < 0 || oh >= OH) continue;
        for (let v = 0; v < W; v++)
          for (let kw = 0; kw < KW; kw++) {
            const ow = (v + left - kw * params.dilation[1]) / SW;
            if (!Number.isInteger(ow) || ow < 0 || ow >= OW) continue;
            const pixel = y.subarray(((n * OH + oh) * OW + ow) * OC, ((n * OH + oh) * OW + ow + 1) * OC);
            for (let c = 0; c < C; c++) {
              const value = x![((n * H + h) * W + v) * C + c]!;
              const group = Math.floor(c / CG);
              const row = ((kh * KW + kw) * CG + (c % CG)) * OC;
              const end = ((group + 1) * OC) / params.groups;
              for (let oc = (group * OC) / params.groups; oc < end; oc++) pixel[oc]! += value * w![row + oc]!;
            }
          }
      }
  return [endSums(y, values, problem)];
};
