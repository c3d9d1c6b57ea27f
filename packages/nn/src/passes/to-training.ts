import { batchNorm, batchNormTraining, check } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { frozenBatchNorm } from "./frozen-batch-norm.js";
import { rewrite } from "./rewrite.js";

const MOMENTUM = 0.1; // torchvision's

/**
 * Training form: batch norms at the node paths in `batchNorms` take the statistics of the batch, which the running ones
 * follow; every other one is frozen, a multiply-add per channel. Dropout stays.
 * Throws E_GRAPH for a path at which there is no batch norm.
 */
export function toTraining(network: Network, batchNorms: ReadonlySet<string>): Network {
  const known = network.graph.nodes.filter((n) => n.op === batchNorm).map((n) => n.path);
  for (const path of batchNorms) {
    check(
      known.includes(path),
      "E_GRAPH",
      () => `toTraining: there is no batch norm "${path}"; there are: ${known.join(", ") || "none"}`,
    );
  }
  return rewrite(network, (node, inputs, ctx) => {
    if (node.op !== batchNorm) return undefined;
    if (!batchNorms.has(node.path)) return frozenBatchNorm(node, inputs, ctx);
    const { eps } = node.params as { eps: number };
    return ctx.builder.apply(batchNormTraining, inputs, { eps, momentum: MOMENTUM }, node.path);
  });
}
