/**
 * What `fuseGradients` does, and batch norm with the statistics of the batch takes a residual and the activation after it.
 * Apart from it: trainings with frozen batch norms do not load these.
 */
import { add, batchNormTraining, type Value } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { openMaker } from "./fuse-epilogue.js";
import { intoTraining } from "./fuse-gradients.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";
import { shareSums } from "./share-sums.js";

export function fuseTraining(network: Network): Network {
  const rule: RewriteRule = (node, inputs, ctx) => intoTraining(node, inputs, ctx) ?? intoBatchNorm(node, inputs, ctx);
  const { graph, weights } = rewrite(network, rule);
  return { graph: shareSums(graph), weights };
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
