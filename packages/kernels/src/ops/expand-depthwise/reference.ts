import { type Reference, sumOf, type Tolerance } from "../../testing/record.js";
import type { ExpandDepthwiseParams } from "./geometry.js";

type Shape4 = readonly [number, number, number, number];

const clip = (v: number, activation: string): number =>
  activation === "none" ? v : Math.min(Math.max(v, 0), activation === "relu6" ? 6 : Number.POSITIVE_INFINITY);

/** Expands one pixel at a time and scatters it to the outputs whose window covers it. */
export const referenceExpandDepthwise: Reference<ExpandDepthwiseParams> = (values, { inputs, outputs, params }) => {
  const [x, expand, w, ...rest] = values as [Float64Array, Float64Array, Float64Array, ...Float64Array[]];
  const before = params.biases.includes("expanded") ? rest[0] : undefined;
  const after = params.biases.includes("result") ? rest.at(-1) : undefined;
  const [N, H, W, K] = inputs[0]!.shape as unknown as Shape4;
  const [EH, EW] = inputs[1]!.shape as unknown as Shape4;
  const [KH, KW, , C] = inputs[2]!.shape as unknown as Shape4;
  const [, OH, OW] = outputs[0]!.shape as unknown as Shape4;
  const { expandStride, expandPad, pad } = params;
  const y = new Float64Array(N * OH * OW * C);
  const expanded = new Float64Array(C);
  const [rows, columns] = [H, W].map(
    (extent, i) =>
      Math.floor((extent + expandPad[2 * i]! + expandPad[2 * i + 1]! - [EH, EW][i]!) / expandStride[i]!) + 1,
  ) as [number, number];
  const [top, , left] = pad;
  for (let n = 0; n < N; n++)
    for (let h = 0; h < rows; h++)
      for (let v = 0; v < columns; v++) {
        expanded.fill(0);
        for (let t = 0; t < EH * EW * K; t++) {
          const line = h * expandStride[0] + Math.floor(t / (EW * K)) - expandPad[0];
          const column = v * expandStride[1] + (Math.floor(t / K) % EW) - expandPad[2];
          if (line < 0 || line >= H || column < 0 || column >= W) continue;
          const value = x[((n * H + line) * W + column) * K + (t % K)]!;
          for (let c = 0; c < C; c++) expanded[c]! += value * expand[t * C + c]!;
        }
        for (let c = 0; c < C; c++) {
          expanded[c] = clip(expanded[c]! + (before?.[c] ?? 0), params.expandedActivation);
        }
        for (let kh = 0; kh < KH; kh++)
          for (let kw = 0; kw < KW; kw++) {
            const oh = (h + top - kh * params.dilation[0]) / params.stride[0];
            const ow = (v + left - kw * params.dilation[1]) / params.stride[1];
            if (!Number.isInteger(oh) || !Number.isInteger(ow) || oh < 0 || ow < 0 || oh >= OH || ow >= OW) continue;
            const at = ((n * OH + oh) * OW + ow) * C;
            for (let c = 0; c < C; c++) y[at + c]! += expanded[c]! * w[(kh * KW + kw) * C + c]!;
          }
      }
  return [y.map((sum, i) => clip(sum + (after?.[i % C] ?? 0), params.activation))];
};

/** A sum of EH * EW * K products, then one of KH * KW of its results: their errors add up. Clipping adds none and must not hide any. */
export const expandDepthwiseTolerance: Tolerance<ExpandDepthwiseParams> = (problem, ...rest) => {
  const bare = { ...problem, params: { ...problem.params, activation: "none", expandedActivation: "none" } as const };
  const terms = ({ inputs: [, ...weights] }: typeof problem): number => {
    const [first, second] = weights.map(({ shape: [kh, kw, k] }) => Math.sqrt(kh! * kw! * k! + 1));
    return (first! + second!) ** 2;
  };
  return sumOf(terms)(bare, ...rest);
};
