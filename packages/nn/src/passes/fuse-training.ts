/**
 * What `fuseEpilogue` does, for a training step too:
 *
 *   input gradients of convolutions   take a scale per channel; then a residual, which is another gradient of the same value; then
 *                                     the gradient of an activation
 *   batch norm of batch statistics    takes a residual and the activation after it
 *
 * A result with a second reader is left alone: so values that gradient rules read stay, and the pass goes after `differentiate`.
 */
import {
  type Activation,
  type AnyOp,
  add,
  batchNormTraining,
  channelScale,
  conv2dInputGrad,
  depthwiseConv2dInputGrad,
  relu6Grad,
  reluGrad,
  type Value,
} from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { absorb, activationOf, intoForward, openMaker, soleMaker, takeResidual } from "./fuse-epilogue.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";

const gradients: readonly AnyOp[] = [conv2dInputGrad, depthwiseConv2dInputGrad];

const gates = new Map<AnyOp, Activation>([
  [reluGrad, "relu"],
  [relu6Grad, "relu6"],
]);

export const fuseTraining = (network: Network): Network =>
  rewrite(
    network,
    (node, inputs, ctx) =>
      intoForward(node, inputs, ctx) ?? intoGradient(node, inputs, ctx) ?? intoBatchNorm(node, inputs, ctx),
  );

const intoGradient: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return takeResidual(inputs, ctx, gradients);
  if (op === channelScale) {
    const maker = soleMaker(ctx, inputs, 0, gradients, ["scale", "residual"]); // before or after a gate is the same
    return maker && absorb(ctx, maker, { scale: inputs[1]! });
  }
  const gate = gates.get(op);
  const maker = gate && openMaker(ctx, inputs, 1, gradients);
  return maker && absorb(ctx, maker, { gate: inputs[0]! }, gate);
};

const intoBatchNorm: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return addToBatchNorm(inputs, ctx);
  const activation = activationOf(op);
  const norm = activation && openMaker(ctx, inputs, 0, [batchNormTraining]);
  return norm && [ctx.alter(norm, { ...(norm.params as object), activation })];
};

function addToBatchNorm(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  for (const side of [0, 1]) {
    const norm = openMaker(ctx, inputs, side, [batchNormTraining]);
    if (norm?.inputs.length === 5 && !ctx.builder.isRead(norm))
      return [ctx.alter(norm, norm.params, [inputs[1 - side]!])];
  }
  return undefined;
}
