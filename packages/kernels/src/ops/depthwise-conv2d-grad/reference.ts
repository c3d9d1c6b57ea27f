import type { Problem } from "../../op.js";
import type { Spec } from "../../spec.js";
import type { Reference } from "../../testing/record.js";
import { referenceColumnSums } from "../column-sums/reference.js";
import type { WindowInputGradParams, WindowWeightGradParams } from "../conv2d-grad/geometry.js";
import { referenceConv2dInputGrad, referenceConv2dWeightGrad } from "../conv2d-grad/reference.js";
import type { WindowGradsParams } from "./grads.js";

/** A depthwise convolution is by definition the one with a group for each channel. */
export const referenceDepthwiseConv2dInputGrad: Reference<WindowInputGradParams> = (inputs, problem) =>
  referenceConv2dInputGrad(inputs, {
    ...problem,
    params: { ...problem.params, groups: problem.inputs[0]!.shape[3]! },
  });

export const referenceDepthwiseConv2dWeightGrad: Reference<WindowWeightGradParams> = (inputs, problem) =>
  referenceConv2dWeightGrad(inputs, {
    ...problem,
    params: { ...problem.params, groups: problem.inputs[0]!.shape[3]! },
  });

/** Each by its own reference; a gate is x. */
export const referenceDepthwiseConv2dGrads: Reference<WindowGradsParams> = (
  [dy, w, x, ...scale],
  { inputs, outputs, params: { gate, sums = [], ...window } },
) => {
  const [ofDy, ofW, ofX, ...ofScale] = inputs as [Spec, Spec, Spec, ...Spec[]];
  const isGated = gate !== undefined;
  const forInput: Problem<WindowInputGradParams> = {
    inputs: [ofDy, ofW, ...ofScale, ...(isGated ? [ofX] : [])],
    outputs: [outputs[0]!],
    params: {
      ...window,
      inputSize: [ofX.shape[1]!, ofX.shape[2]!],
      extras: [...ofScale.map(() => "scale" as const), ...(isGated ? ["gate" as const] : [])],
      ...(isGated && { activation: gate }),
    },
  };
  const forWeight: Problem<WindowWeightGradParams> = {
    inputs: [ofX, ofDy],
    outputs: [outputs[1]!],
    params: { ...window, kernel: [ofW.shape[0]!, ofW.shape[1]!] },
  };
  const ofInput = referenceDepthwiseConv2dInputGrad([dy!, w!, ...scale, ...(isGated ? [x!] : [])], forInput);
  const ofWeight = referenceDepthwiseConv2dWeightGrad([x!, dy!], forWeight);
  const summed = sums.flatMap((of) => {
    const [values, spec] = of === "dx" ? [ofInput[0]!, ofX] : [dy!, ofDy];
    return referenceColumnSums([values], { inputs: [spec], outputs: [], params: {} });
  });
  return [...ofInput, ...ofWeight, ...summed];
};
