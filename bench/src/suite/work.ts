import { bytesOf, type ExpandDepthwiseParams, expandDepthwise, type Problem, sizeOf } from "@tlx/kernels";

/** Multiply-adds count as two. Undefined for ops that only move or map data: those are measured in bytes. */
export function flopsOf(op: string, { inputs, outputs, params }: Problem<unknown>): number | undefined {
  const [x, w] = inputs;
  const out = sizeOf(outputs[0]!);
  if (op === "conv2d" || op === "depthwiseConv2d") {
    const [kh, kw, c] = w!.shape as [number, number, number];
    return 2 * out * kh * kw * c;
  }
  if (op === "expandDepthwise") {
    const [expand, [kh, kw]] = [w!.shape, inputs[2]!.shape as [number, number]];
    const expanded = sizeOf(expandDepthwise.largestScratch!(inputs, params as ExpandDepthwiseParams));
    return 2 * (expanded * expand[0]! * expand[1]! * expand[2]! + out * kh * kw);
  }
  if (op === "conv2dInputGrad" || op === "depthwiseConv2dInputGrad") {
    const [kh, kw, c] = w!.shape as [number, number, number];
    return 2 * sizeOf(x!) * kh * kw * c;
  }
  if (op === "conv2dWeightGrad" || op === "depthwiseConv2dWeightGrad") {
    const [kh, kw, c] = outputs[0]!.shape as [number, number, number];
    return 2 * sizeOf(w!) * kh * kw * c;
  }
  if (op === "depthwiseConv2dGrads") return 4 * sizeOf(x!) * w!.shape[0]! * w!.shape[1]!;
  if (op === "matmul" || op === "matmulTransposeB") return 2 * out * x!.shape[1]!;
  if (op === "matmulTransposeA") return 2 * out * x!.shape[0]!;
  return undefined;
}

/** Bytes read and written if every operand is touched once. */
export const bytesTouched = ({ inputs, outputs }: Problem<unknown>): number =>
  [...inputs, ...outputs].reduce((sum, spec) => sum + bytesOf(spec), 0);
