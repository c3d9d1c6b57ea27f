/**
 * What `fuseEpilogue` does, for the way back too: input gradients of convolutions take a scale per channel; then a residual,
 * which is another gradient of the same value; then the gradient of an activation.
 *
 * A result with a second reader is left alone: so values that gradient rules read stay, and the pass goes after `differentiate`.
 */
import { type AnyOp, add, channelScale, conv2dInputGrad, depthwiseConv2dInputGrad } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { absorb, intoForward, openMaker, soleMaker, takeResidual } from "./fuse-epilogue.js";
import { type RewriteRule, rewrite } from "./rewrite.js";

const gradients: readonly AnyOp[] = [conv2dInputGrad, depthwiseConv2dInputGrad];

const intoGradient: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return takeResidual(inputs, ctx, gradients);
  if (op === channelScale) {
    const maker = soleMaker(ctx, inputs, 0, gradients, ["scale", "residual"]); // before or after a gate is the same
    return maker && absorb(ctx, maker, { scale: inputs[1]! });
  }
  const maker = op.gates && openMaker(ctx, inputs, 1, gradients);
  return maker && absorb(ctx, maker, { gate: inputs[0]! }, op.gates);
};

export const intoSteps: RewriteRule = (node, inputs, ctx) =>
  intoForward(node, inputs, ctx) ?? intoGradient(node, inputs, ctx);

/** For a step by `basicRules`, in which no batch norm learns. */
export const fuseGradients = (network: Network): Network => rewrite(network, intoSteps);
