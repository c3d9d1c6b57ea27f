import { batchNorm } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";

/** Params of every batch norm, by the path of its node. */
export function batchNormParams(graph: Graph): Map<string, readonly string[]> {
  const pathOf = new Map([...graph.params].map(([path, value]) => [value, path]));
  const norms = graph.nodes.filter((n) => n.op === batchNorm);
  return new Map(
    norms.map((n) => [n.path, n.inputs.map((v) => pathOf.get(v)).filter((path): path is string => path !== undefined)]),
  );
}
