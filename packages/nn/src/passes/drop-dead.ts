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
  const only = (map: ReadonlyMap<string, Value>): Map<string, Value> =>
    new Map([...map].filter(([, v]) => needed.has(v)));
  const alive: Graph = {
    ...graph,
    params: only(graph.params),
    states: only(graph.states),
    blocks: new Map([...graph.blocks].filter(([path]) => needed.has(graph.states.get(path)!))),
    marks: only(graph.marks),
    nodes: graph.nodes.filter((n) => n.outputs.some((v) => needed.has(v))),
  };
  return { graph: alive, weights: weightsOf(alive, network.weights) };
}
