import type { Vjp } from "../../op.js";
import { adaptiveAveragePoolGrad } from "./input-grad.js";
import type { AdaptiveAveragePoolParams } from "./op.js";

export const adaptiveAveragePoolVjp: Vjp<AdaptiveAveragePoolParams> = ({ inputs, outputGrad }, emit) => {
  const [, h, w] = inputs[0]!.spec.shape as [number, number, number, number];
  return [outputGrad && emit.apply(adaptiveAveragePoolGrad, [outputGrad], { inputSize: [h, w] })[0]];
};
