/** The trained part as it is used: no dropout, and batch norms read the running statistics that training leaves behind. */
import { batchNorm, type Value } from "@tlx/kernels";
import { fuseEpilogue, type Graph, type Network, rewrite } from "@tlx/nn";

/** The same computation in inference form, on the params and states of `training`. */
export function evaluationForm(training: Network): Graph {
  const rewritten = rewrite(training, (node, inputs, { builder }) => {
    if (node.op.onlyTraining === "passes") return [inputs[0] as Value];
    if (node.op.onlyTraining !== "replaced") return undefined; // batch norm with the statistics of the batch is
    const { eps } = node.params as { eps: number };
    return builder.apply(batchNorm, inputs, { eps }, node.path);
  });
  const { graph } = fuseEpilogue(rewritten);
  const read = new Set(graph.nodes.flatMap((n) => n.inputs));
  return { ...graph, inputs: new Map([...graph.inputs].filter(([, value]) => read.has(value))) };
}
