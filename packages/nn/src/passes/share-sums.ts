/**
 * Leaves the gradients of biases beside a depthwise convolution, sums over all but the channels of what its
 * `depthwiseConv2dGrads` reads and makes, to that op: they are nothing to it, and to `columnSums` a reading of the whole value.
 */
import { columnSums, depthwiseConv2dGrads, summableGrads, type Value, type WindowGradsParams } from "@tlx/kernels";
import type { Graph, Node } from "../graph/graph.js";

export function shareSums(graph: Graph): Graph {
  const sums = new Map<Value, Node>();
  const firstReader = new Map<Value, number>();
  graph.nodes.forEach((node, at) => {
    if (node.op === columnSums) sums.set(node.inputs[0]!, node);
    for (const value of node.inputs) if (!firstReader.has(value)) firstReader.set(value, at);
  });
  const taken = new Set<Node>();

  const nodes = graph.nodes.map((node, at) => {
    if (node.op !== depthwiseConv2dGrads) return node;
    const params = node.params as WindowGradsParams;
    const specs = node.inputs.map(({ spec }) => spec);
    const shared = summableGrads(specs, params).flatMap((of) => {
      const sum = sums.get(of === "dx" ? node.outputs[0]! : node.inputs[0]!);
      if (!sum || (firstReader.get(sum.outputs[0]!) ?? at) < at) return [];
      taken.add(sum);
      return [{ of, result: sum.outputs[0]! }];
    });
    if (shared.length === 0) return node;
    return {
      ...node,
      params: { ...params, sums: shared.map(({ of }) => of) },
      outputs: [...node.outputs, ...shared.map(({ result }) => result)],
    };
  });
  return { ...graph, nodes: nodes.filter((node) => !taken.has(node)) };
}
