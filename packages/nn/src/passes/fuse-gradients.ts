/**
 * What `fuseEpilogue` does, for the way back too: input gradients of convolutions take a scale per channel; then a residual,
 * which is another gradient of the same value; then the gradient of an activation.
 *
 * A result with a second reader is left alone: so values that gradient rules read stay, and the pass goes after `differentiate`.
 */
import { type AnyOp, add, channelScale, conv2dInputGrad, depthwiseConv2dInputGrad, type Value } from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { absorb, intoForward, openMaker, soleMaker, takeResidual } from "./fuse-epilogue.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";

const gradients: readonly AnyOp[] = [conv2dInputGrad, depthwiseConv2dInputGrad];

const intoGradient: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return takeResidual(inputs, ctx, gradients);
  if (op === channelScale) {
    const maker = soleMaker(ctx, inputs, 0, gradients, ["scale", "residual"]); // before or after a gate is the same
    if (maker) return absorb(ctx, maker, { scale: inputs[1]! });
    const joint = jointMaker(inputs, 0, ctx);
    return joint?.inputs.length === 3 ? [ctx.alter(joint, joint.params, [inputs[1]!])] : undefined;
  }
  if (!op.gates) return undefined;
  const maker = openMaker(ctx, inputs, 1, gradients);
  if (maker) return absorb(ctx, maker, { gate: inputs[0]! }, op.gates);
  const joint = jointMaker(inputs, 1, ctx);
  return joint?.inputs[2] === inputs[0]
    ? [ctx.alter(joint!, { ...(joint!.params as object), gate: op.gates })]
    : undefined;
};

/** The maker of input `i`, which nobody else reads, if it makes the gradient of the weight with it. */
function jointMaker(inputs: readonly Value[], i: number, ctx: Rewriting): Node | undefined {
  const maker = ctx.soleReader(i) ? ctx.builder.maker(inputs[i]!) : undefined;
  return maker?.op.isJoint ? maker : undefined;
}

export const intoTraining: RewriteRule = (node, inputs, ctx) =>
  intoForward(node, inputs, ctx) ?? intoGradient(node, inputs, ctx);

/** For a step in which no batch norm learns. */
export const fuseGradients = (network: Network): Network => rewrite(network, intoTraining);
