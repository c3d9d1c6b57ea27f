import type { Reference } from "../../testing/record.js";
import type { WindowInputGradParams, WindowWeightGradParams } from "../conv2d-grad/geometry.js";
import { referenceConv2dInputGrad, referenceConv2dWeightGrad } from "../conv2d-grad/reference.js";

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
