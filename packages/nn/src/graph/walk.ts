import { TlxError, type Value } from "@tlx/kernels";
import type { Graph, Node } from "./graph.js";

/** The params at `paths`, for the pass of name `pass`. Throws E_GRAPH for a path at which there is none. */
export function findParams(graph: Graph, paths: Iterable<string>, pass: string): Value[] {
  return Array.from(paths, (path) => {
    const value = graph.params.get(path);
    if (value) return value;
    const known = [...graph.params.keys()];
    const shown = [...known.slice(0, 10), ...(known.length > 10 ? ["..."] : [])].join(", ");
    throw new TlxError("E_GRAPH", `${pass}: there is no param "${path}"; there are: ${shown}`);
  });
}

/** Every value that depends on one of `roots`, the roots included. */
export function dependents(nodes: readonly Node[], roots: Iterable<Value>): Set<Value> {
  const reached = new Set(roots);
  for (const node of nodes) {
    if (node.inputs.some((v) => reached.has(v))) for (const v of node.outputs) reached.add(v);
  }
  return reached;
}

/** Every value needed to compute one of `targets`, the targets included. */
export function ancestors(nodes: readonly Node[], targets: Iterable<Value>): Set<Value> {
  const needed = new Set(targets);
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((v) => needed.has(v))) for (const v of node.inputs) needed.add(v);
  }
  return needed;
}

/** Where each value lives: in itself, or in the value that its op updates in place. */
export function homesOf(nodes: readonly Node[]): (value: Value) => Value {
  const homes = new Map<Value, Value>();
  const homeOf = (value: Value): Value => homes.get(value) ?? value;
  for (const { op, inputs, outputs } of nodes) {
    for (const [o, input] of (op.alias ?? []).entries()) {
      if (input !== undefined && outputs[o]) homes.set(outputs[o] as Value, homeOf(inputs[input] as Value));
    }
  }
  return homeOf;
}

/** How often each value is read: by nodes, and once more for every name under which it is an output. */
export function countReaders(graph: Graph): Map<Value, number> {
  const count = new Map<Value, number>();
  const add = (v: Value): void => void count.set(v, (count.get(v) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(add);
  for (const value of graph.outputs.values()) add(value);
  return count;
}
