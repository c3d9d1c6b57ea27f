/**
 * What `fuseGradients` does, and: a gradient of a depthwise convolution that is computed with that of its weight takes a scale and
 * the gradient of an activation, and sums for biases; batch norm with the statistics of the batch takes a residual and the
 * activation after it. Apart from it: trainings by `basicRules` do not load these.
 */
import { add, batchNormTraining, channelScale, depthwiseConv2dGrads, type Value } from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { openMaker } from "./fuse-epilogue.js";
import { intoSteps } from "./fuse-gradients.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";
import { shareSums } from "./share-sums.js";

const intoTraining: RewriteRule = (node, inputs, ctx) =>
  intoSteps(node, inputs, ctx) ?? intoJoint(node, inputs, ctx) ?? intoBatchNorm(node, inputs, ctx);

/** For a step by `gradientRules`. */
export function fuseTraining(network: Network): Network {
  const { graph, weights } = rewrite(network, intoTraining);
  return { graph: shareSums(graph), weights };
}

const intoJoint: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === channelScale) {
    const joint = jointMaker(inputs, 0, ctx);
    return joint?.inputs.length === 3 ? [ctx.alter(joint, joint.params, [inputs[1]!])] : undefined;
  }
  const joint = op.gates && jointMaker(inputs, 1, ctx);
  return joint?.inputs[2] === inputs[0]
    ? [ctx.alter(joint!, { ...(joint!.params as object), gate: op.gates })]
    : undefined;
};

/** The maker of input `i`, which nobody else reads, if it makes the gradient of the weight with it. */
function jointMaker(inputs: readonly Value[], i: number, ctx: Rewriting): Node | undefined {
  const maker = ctx.soleReader(i) ? ctx.builder.maker(inputs[i]!) : undefined;
  return maker?.op === depthwiseConv2dGrads ? maker : undefined;
}

const intoBatchNorm: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return addToBatchNorm(inputs, ctx);
  const norm = typeof op.ends === "string" ? openMaker(ctx, inputs, 0, [batchNormTraining]) : undefined;
  return norm && [ctx.alter(norm, { ...(norm.params as object), activation: op.ends })];
};

function addToBatchNorm(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  for (const side of [0, 1]) {
    const norm = openMaker(ctx, inputs, side, [batchNormTraining]);
    if (norm?.inputs.length === 5 && !ctx.builder.isRead(norm))
      return [ctx.alter(norm, norm.params, [inputs[1 - side]!])];
  }
  return undefined;
}
