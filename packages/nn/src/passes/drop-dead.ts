import type { Value } from "@tlx/kernels";
import type { Graph, Network } from "../graph/graph.js";
import { ancestors } from "../graph/walk.js";
import { weightsOf } from "./rewrite.js";

/** Removes nodes no output depends on and params nobody reads. Nodes that update in place are always kept. */
export function dropDead(network: Network): Network {
  const { graph } = network;
  const updating = graph.nodes.filter((n) => n.op.alias);
  const targets = [...graph.outputs.values(), ...updating.flatMap((n) => n.outputs)];
  const needed = ancestors(graph.nodes, targets);
  // A block stays whole, with the params it holds.
  const blocks = new Map(
    [...graph.blocks].filter(([path, { beside }]) =>
      [path, ...beside.keys()].some((p) => needed.has(graph.states.get(p)!)),
    ),
  );
  for (const [path, { params, beside }] of blocks) {
    for (const p of params) needed.add(graph.params.get(p)!);
    for (const p of [path, ...beside.keys()]) needed.add(graph.states.get(p)!);
  }
  const only = (map: ReadonlyMap<string, Value>): Map<string, Value> =>
    new Map([...map].filter(([, v]) => needed.has(v)));
  const alive: Graph = {
    ...graph,
    params: only(graph.params),
    states: only(graph.states),
    blocks,
    marks: only(graph.marks),
    nodes: graph.nodes.filter((n) => n.outputs.some((v) => needed.has(v))),
  };
  return { graph: alive, weights: weightsOf(alive, network.weights) };
}
