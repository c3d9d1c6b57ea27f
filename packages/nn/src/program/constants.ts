/** Which params and states of a graph last from run to run, and the problems of its nodes by that. */
import type { Problem, Value } from "@tlx/kernels";
import type { Graph, Node } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";

/** Params and states that a run of `graph` changes, by path: what a node updates in place, and the params of a block. */
export function changedPaths(graph: Graph): Set<string> {
  const homeOf = homesOf(graph.nodes);
  const overwritten = new Set(graph.nodes.flatMap(({ outputs }) => outputs.filter((v) => homeOf(v) !== v)).map(homeOf));
  const changed = new Set<string>();
  for (const [path, value] of [...graph.params, ...graph.states]) if (overwritten.has(value)) changed.add(path);
  for (const [path, { params }] of graph.blocks) if (changed.has(path)) for (const param of params) changed.add(param);
  return changed;
}

/** Params and states that no run of `graph` changes, with their paths. */
export function constantsOf(graph: Graph): Map<Value, string> {
  const changed = changedPaths(graph);
  const kept = [...graph.params, ...graph.states].filter(([path]) => !changed.has(path) && !graph.blocks.has(path));
  return new Map(kept.map(([path, value]) => [value, path]));
}

/** What a node of a graph with such constants is to compute. */
export function problemOf({ inputs, outputs, params }: Node, constants: ReadonlyMap<Value, string>): Problem<unknown> {
  const constant = inputs.flatMap((v, i) => (constants.has(v) ? [i] : []));
  return {
    inputs: inputs.map((v) => v.spec),
    outputs: outputs.map((v) => v.spec),
    params,
    ...(constant.length > 0 && { constant }),
  };
}
