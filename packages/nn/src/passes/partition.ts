import { check, type Value } from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { dependents, findParams } from "../graph/walk.js";

export interface Partition {
  /** The frozen part: computes the frontier, under the names of the tail's inputs, and the outputs that are frozen. */
  readonly prefix: Graph;
  /** The trained part: reads the frontier as inputs. */
  readonly tail: Graph;
  /** Names of the values that cross. */
  readonly frontier: readonly string[];
}

/**
 * Cuts a graph where training begins: a node is tail if it depends on a trainable param, or on what differs from step to
 * step: dropout, and batch norm with the statistics of the batch.
 * Throws E_GRAPH when nothing is trainable or when a trainable path does not exist.
 */
export function partition(graph: Graph, trainable: ReadonlySet<string>): Partition {
  const roots = findParams(graph, trainable, "partition");
  check(roots.length > 0, "E_GRAPH", () => "partition: nothing is trainable; name at least one param");
  const changing = graph.nodes.filter((n) => n.op.onlyTraining).flatMap((n) => n.outputs);
  const live = dependents(graph.nodes, [...roots, ...changing]);
  const isTail = (node: Graph["nodes"][number]): boolean => node.outputs.some((v) => live.has(v));
  const tailNodes = graph.nodes.filter(isTail);
  const prefixNodes = graph.nodes.filter((n) => !isTail(n));
  const madeByPrefix = new Set(prefixNodes.flatMap((n) => n.outputs));
  const crossing = new Map<string, Value>();
  for (const value of new Set(tailNodes.flatMap((n) => n.inputs))) {
    if (madeByPrefix.has(value)) crossing.set(`frontier.${crossing.size}`, value);
  }
  const read = (nodes: Graph["nodes"]): Set<Value> => new Set(nodes.flatMap((n) => n.inputs));
  const keep = (map: ReadonlyMap<string, Value>, values: ReadonlySet<Value>): Map<string, Value> =>
    new Map([...map].filter(([, v]) => values.has(v)));
  const part = (nodes: Graph["nodes"], extraInputs: ReadonlyMap<string, Value>, outputs: Map<string, Value>): Graph => {
    const used = new Set([...read(nodes), ...outputs.values()]);
    return {
      inputs: new Map([...keep(graph.inputs, used), ...extraInputs]),
      params: keep(graph.params, used),
      states: keep(graph.states, used),
      blocks: new Map([...graph.blocks].filter(([path]) => used.has(graph.states.get(path)!))),
      marks: keep(graph.marks, new Set(nodes.flatMap((n) => n.outputs))),
      nodes,
      outputs,
      ...(graph.large && { large: graph.large }),
    };
  };
  const trained = new Map([...graph.outputs].filter(([, v]) => live.has(v)));
  const frozen = [...graph.outputs].filter(([, v]) => !live.has(v));
  return {
    prefix: part(prefixNodes, new Map(), new Map([...crossing, ...frozen])),
    tail: part(tailNodes, crossing, trained),
    frontier: [...crossing.keys()],
  };
}
