/**
 * What `fuseEpilogue` does, for the way back too: input gradients of convolutions take a scale per channel; then a residual,
 * which is another gradient of the same value; then the gradient of an activation.
 *
 * A result with a second reader is left alone: so values that gradient rules read stay, and the pass goes after `differentiate`.
 */
import {
  type AnyOp,
  add,
  channelScale,
  conv2dInputGrad,
  depthwiseConv2dGrads,
  depthwiseConv2dInputGrad,
  type Value,
  type WindowGradsParams,
} from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { absorb, intoForward, openMaker, soleMaker, takeResidual } from "./fuse-epilogue.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";

const gradients: readonly AnyOp[] = [conv2dInputGrad, depthwiseConv2dInputGrad];
const joint: readonly AnyOp[] = [depthwiseConv2dGrads];

const intoGradient: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return takeResidual(inputs, ctx, gradients);
  if (op === channelScale) {
    const maker = soleMaker(ctx, inputs, 0, gradients, ["scale", "residual"]); // before or after a gate is the same
    return maker ? absorb(ctx, maker, { scale: inputs[1]! }) : scaleJoint(inputs, ctx);
  }
  const maker = op.gates && openMaker(ctx, inputs, 1, gradients);
  return maker ? absorb(ctx, maker, { gate: inputs[0]! }, op.gates) : gateJoint(op, inputs, ctx);
};

function scaleJoint(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  const maker = soleMaker(ctx, inputs, 0, joint);
  return maker?.inputs.length === 3 ? [ctx.alter(maker, maker.params, [inputs[1]!])] : undefined;
}

/** Gradients that are computed together are gated by the value whose gradient they are. */
function gateJoint({ gates }: AnyOp, inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  const maker = gates && soleMaker(ctx, inputs, 1, joint);
  const params = maker?.params as WindowGradsParams | undefined;
  return maker?.inputs[2] === inputs[0] && !params?.gate ? [ctx.alter(maker!, { ...params, gate: gates })] : undefined;
}

export const intoTraining: RewriteRule = (node, inputs, ctx) =>
  intoForward(node, inputs, ctx) ?? intoGradient(node, inputs, ctx);

/** For a step in which no batch norm learns. */
export const fuseGradients = (network: Network): Network => rewrite(network, intoTraining);
