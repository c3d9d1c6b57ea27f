import { flattenOffsets, type HostTensor, TlxError, type Value } from "@tlx/kernels";
import { recordOf, records } from "@tlx/kernels/testing";
import type { Graph, Weights } from "../graph/graph.js";

const toDouble = (data: HostTensor["data"]): Float64Array => Float64Array.from(data as ArrayLike<number>);

function find(weights: Weights, path: string): HostTensor {
  const tensor = weights.get(path);
  if (!tensor) throw new TlxError("E_WEIGHTS", `interpret: weight "${path}" is missing`);
  return tensor;
}

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
  const blocks = blockValues(graph, weights);
  for (const [path, value] of [...graph.params, ...graph.states]) {
    const block = blocks.get(path);
    if (block) {
      values.set(value, block);
      continue;
    }
    values.set(value, toDouble(find(weights, path).data));
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

/** Where in its block each param lies, in elements. */
const offsetsOf = (graph: Graph, params: readonly string[]): number[] =>
  flattenOffsets(params.map((p) => graph.params.get(p)!.spec));

/** Blocks as their params say, and moments, zero where `weights` has none. */
function blockValues(graph: Graph, weights: Weights): Map<string, Float64Array> {
  const values = new Map<string, Float64Array>();
  for (const [path, { params, moments }] of graph.blocks) {
    const offsets = offsetsOf(graph, params);
    const block = new Float64Array(offsets.at(-1)!);
    params.forEach((p, i) => void block.set(find(weights, p).data, offsets[i]!));
    values.set(path, block);
    for (const m of moments) values.set(m, toDouble(weights.get(m)?.data ?? new Float64Array(block.length)));
  }
  return values;
}

/** Like `interpret`, and the weights that the updates in place leave behind. */
export function interpretStep(
  graph: Graph,
  weights: Weights,
  inputs: ReadonlyMap<string, HostTensor["data"]>,
): { readonly values: Map<Value, Float64Array>; readonly weights: Weights } {
  const values = interpret(graph, weights, inputs);
  const next = new Map(weights);
  for (const { op, inputs: read, outputs } of graph.nodes) {
    for (const [o, i] of (op.alias ?? []).entries()) {
      if (i === undefined) continue;
      const { path, spec } = read[i]!;
      const data = values.get(outputs[o]!)!;
      const block = graph.blocks.get(path);
      if (!block) {
        next.set(path, { spec, data });
        continue;
      }
      const offsets = offsetsOf(graph, block.params);
      block.params.forEach((p, k) => {
        const tensor = find(weights, p);
        next.set(p, { ...tensor, data: data.slice(offsets[k], offsets[k]! + tensor.data.length) });
      });
    }
  }
  return { values, weights: next };
}
