import { endSums } from "../../testing/end-sums.js";
import type { Reference } from "../../testing/record.js";
import type { WindowParams } from "../conv2d/geometry.js";

type Shape4 = readonly [number, number, number, number];

/** Scatters every input value to the outputs whose window covers it. */
export const referenceDepthwiseConv2d: Reference<WindowParams> = (values, problem) => {
  const [x, w] = values;
  const { inputs, outputs, params } = problem;
  const [N, H, W, C] = inputs[0]!.shape as unknown as Shape4;
  const [KH, KW] = inputs[1]!.shape as unknown as Shape4;
  const [, OH, OW] = outputs[0]!.shape as unknown as Shape4;
  const [top, , left] = params.pad;
  const y = new Float64Array(N * OH * OW * C);
  for (let n = 0; n < N; n++)
    for (let h = 0; h < H; h++)
      for (let v = 0; v < W; v++)
        for (let kh = 0; kh < KH; kh++)
          for (let kw = 0; kw < KW; kw++) {
            const oh = (h + top - kh * params.dilation[0]) / params.stride[0];
            const ow = (v + left - kw * params.dilation[1]) / params.stride[1];
            if (!Number.isInteger(oh) || !Number.isInteger(ow) || oh < 0 || ow < 0 || oh >= OH || ow >= OW) continue;
            for (let c = 0; c < C; c++) {
              y[((n * OH + oh) * OW + ow) * C + c]! += x![((n * H + h) * W + v) * C + c]! * w![(kh * KW + kw) * C + c]!;
            }
          }
  return [endSums(y, values, problem)];
};
