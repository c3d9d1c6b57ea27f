import { sizeOf } from "@tlx/kernels";
import type { Graph, Node } from "@tlx/nn";

/** Numbers in all params. */
export const countParameters = (graph: Graph): number =>
  [...graph.params.values()].reduce((sum, { spec }) => sum + sizeOf(spec), 0);

/** Products of one node; each output of a convolution or product sums over all weights that lead to its channel. */
function multiplyAddsOf({ op, inputs, outputs }: Node): number {
  if (!["conv2d", "depthwiseConv2d", "matmul"].includes(op.name)) return 0;
  const weight = inputs[1]!.spec;
  return sizeOf(outputs[0]!.spec) * (sizeOf(weight) / weight.shape.at(-1)!);
}

/** Products of all convolutions and dense layers. */
export const countMultiplyAdds = (graph: Graph): number =>
  graph.nodes.reduce((sum, node) => sum + multiplyAddsOf(node), 0);
