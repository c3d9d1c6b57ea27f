import { type HostTensor, TlxError, type Value } from "@tlx/kernels";
import { recordOf, records } from "@tlx/kernels/testing";
import { cutBlock, layBlock } from "../graph/block-layout.js";
import type { Graph, Weights } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";

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

/** Blocks as their params say, and the states beside them as they start where `weights` has none. */
function blockValues(graph: Graph, weights: Weights): Map<string, Float64Array> {
  const values = new Map<string, Float64Array>();
  for (const [path, { beside }] of graph.blocks) {
    const block = layBlock(graph, path, (p) => find(weights, p).data).data;
    values.set(path, block);
    const starts = { zero: new Float64Array(block.length), block };
    for (const [p, start] of beside) {
      const given = start === "given" ? find(weights, p) : weights.get(p);
      values.set(p, given ? toDouble(given.data) : starts[start as keyof typeof starts]);
    }
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
  const homeOf = homesOf(graph.nodes);
  const kept = new Set([...graph.params.values(), ...graph.states.values()]);
  for (const { op, outputs } of graph.nodes) {
    for (const [o, i] of (op.alias ?? []).entries()) {
      const home = outputs[o] && homeOf(outputs[o]);
      if (i === undefined || !home || !kept.has(home)) continue;
      const data = values.get(outputs[o]!)!;
      const alone: Weights = new Map([[home.path, { spec: home.spec, data }]]);
      const parts = graph.blocks.has(home.path) ? cutBlock(graph, home.path, data) : alone;
      for (const [path, tensor] of parts) next.set(path, tensor);
    }
  }
  return { values, weights: next };
}
