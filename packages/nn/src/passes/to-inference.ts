/** Inference form: dropout goes, and batch norm with running statistics becomes one multiply-add per channel. */
import { batchNorm, type Value } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { countReaders } from "../graph/walk.js";
import { frozenBatchNorm } from "./frozen-batch-norm.js";
import { rewrite } from "./rewrite.js";

export function toInference(network: Network): Network {
  const rewritten = rewrite(network, (node, inputs, ctx) => {
    if (node.op.onlyTraining === "passes") return [inputs[0] as Value];
    return node.op === batchNorm ? frozenBatchNorm(node, inputs, ctx) : undefined;
  });
  return withoutIdleInputs(network, rewritten);
}

/** Takes out inputs that were read and are not any more, so that nobody has to feed them. */
function withoutIdleInputs(before: Network, { graph, weights }: Network): Network {
  const [readBefore, readNow] = [countReaders(before.graph), countReaders(graph)];
  const inputs = [...graph.inputs].filter(
    ([name, value]) => readNow.has(value) || !readBefore.has(before.graph.inputs.get(name)!),
  );
  return { graph: { ...graph, inputs: new Map(inputs) }, weights };
}
