/**
 * Stores values that wait long for a reader as half floats: what the forward pass leaves to the backward pass, and gradients
 * that bypass a branch. In the meantime such a value takes half the memory.
 *
 * Method   A value's readers fall apart where more than `distance` nodes pass from one to the next. Those near the node that
 *          makes it read it as it is; it is packed after that node, and unpacked anew before each later cluster of readers.
 * Leaves   inputs, params, states, outputs, gradients of params, what is updated in place, second outputs of a node (batch
 *          means), what the gradient of a max pool compares, and values below `minBytes`
 */
import { bytesOf, maxPoolGrad, type Op, packHalf, type Spec, unpackHalf, type Value } from "@tlx/kernels";
import type { Graph, Node } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";
import type { Differentiated } from "./differentiate.js";

export interface StoreHalfOptions {
  /** Default: 64 KiB. */
  readonly minBytes?: number;
  /** In nodes. Default: 16. */
  readonly distance?: number;
}

/** The same graph with such values stored as half floats; goes before `withOptimizer`. All values keep their identity. */
export function storeHalf({ graph, grads }: Differentiated, options: StoreHalfOptions = {}): Differentiated {
  const late = findLateReads(graph, new Set(grads.values()), options);
  const nodes: Node[] = [];
  let nextId = Math.max(...idsOf(graph)) + 1;
  const emit = <P>(op: Op<P>, input: Value, params: P, path: string): Value => {
    const [spec] = op.infer([input.spec], params) as [Spec];
    const output = { id: nextId++, spec, path };
    nodes.push({ op, inputs: [input], outputs: [output], params, path });
    return output;
  };
  const packed = new Map<Value, Value>();
  const unpacked = new Map<readonly number[], Value>();
  /** What node `i` reads for `value`: itself, or the copy of the cluster it belongs to, made where there is none yet. */
  const readAt = (value: Value, i: number): Value => {
    const cluster = late.get(value)?.find((positions) => positions.includes(i));
    if (!cluster) return value;
    const half = packed.get(value)!;
    const copy = unpacked.get(cluster) ?? emit(unpackHalf, half, { shape: value.spec.shape }, half.path);
    unpacked.set(cluster, copy);
    return copy;
  };
  graph.nodes.forEach((node, i) => {
    const inputs = node.inputs.map((v) => readAt(v, i));
    nodes.push({ ...node, inputs });
    const [value] = node.outputs as [Value];
    if (late.has(value)) packed.set(value, emit(packHalf, value, {}, `${node.path}/half`));
  });
  return { graph: { ...graph, nodes }, grads };
}

const idsOf = (graph: Graph): number[] =>
  [
    ...graph.inputs.values(),
    ...graph.params.values(),
    ...graph.states.values(),
    ...graph.nodes.flatMap((n) => n.outputs),
  ].map((v) => v.id);

/** Positions of the nodes that read a value late, in clusters, for every value that has some. */
function findLateReads(
  graph: Graph,
  results: ReadonlySet<Value>,
  { minBytes = 2 ** 16, distance = 16 }: StoreHalfOptions,
): Map<Value, number[][]> {
  const homeOf = homesOf(graph.nodes);
  const moved = graph.nodes.flatMap((n) => n.outputs.filter((v) => homeOf(v) !== v));
  const left = new Set([...results, ...graph.outputs.values(), ...moved, ...moved.map(homeOf)]);
  const reads = new Map<Value, number[]>();
  graph.nodes.forEach(({ op, inputs }, i) => {
    for (const v of inputs) reads.set(v, [...(reads.get(v) ?? []), i]);
    if (op === maxPoolGrad) for (const v of inputs.slice(0, 2)) left.add(v); // equal in float32 only
  });
  const late = new Map<Value, number[][]>();
  graph.nodes.forEach(({ outputs: [value] }, i) => {
    if (!value || left.has(value) || value.spec.dtype !== "f32" || bytesOf(value.spec) < minBytes) return;
    const clusters: number[][] = [[]];
    let last = i;
    for (const at of reads.get(value) ?? []) {
      if (at - last > distance) clusters.push([]);
      clusters.at(-1)!.push(at);
      last = at;
    }
    if (clusters.length > 1) late.set(value, clusters.slice(1));
  });
  return late;
}
