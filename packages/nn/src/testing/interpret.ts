import { type HostTensor, TlxError, type Value } from "@tlx/kernels";
import { recordOf, records } from "@tlx/kernels/testing";
import type { Graph, Weights } from "../graph/graph.js";

const toDouble = (data: HostTensor["data"]): Float64Array => Float64Array.from(data as ArrayLike<number>);

/**
 * Runs any graph on the CPU in double precision with the ops' references: the oracle for whole networks.
 * Returns every value of the graph. Updates in place are computed but do not change `weights`.
 */
export function interpret(
  graph: Graph,
  weights: Weights,
  inputs: ReadonlyMap<string, HostTensor["data"]>,
): Map<Value, Float64Array> {
  const values = new Map<Value, Float64Array>();
  for (const [name, value] of graph.inputs) {
    const data = inputs.get(name);
    if (!data) throw new TlxError("E_USAGE", `interpret: input "${name}" is missing`);
    values.set(value, toDouble(data));
  }
  for (const [path, value] of [...graph.params, ...graph.states]) {
    const tensor = weights.get(path);
    if (!tensor) throw new TlxError("E_WEIGHTS", `interpret: weight "${path}" is missing`);
    values.set(value, toDouble(tensor.data));
  }
  for (const node of graph.nodes) {
    const record = recordOf(records, node.op);
    if (!record) throw new TlxError("E_GRAPH", `interpret: op ${node.op.name} has no reference`);
    const problem = {
      inputs: node.inputs.map((v) => v.spec),
      outputs: node.outputs.map((v) => v.spec),
      params: node.params,
    };
    const results = record.reference(
      node.inputs.map((v) => values.get(v)!),
      problem,
    );
    for (const [i, v] of node.outputs.entries()) values.set(v, results[i]!);
  }
  return values;
}
