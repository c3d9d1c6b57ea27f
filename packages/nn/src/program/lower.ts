import {
  bytesOf,
  type Capabilities,
  type ChooseOptions,
  check,
  chooseVariant,
  formatSpec,
  sameSpec,
  TlxError,
  type Value,
} from "@tlx/kernels";
import type { Graph, Node } from "../graph/graph.js";
import { dependents } from "../graph/walk.js";
import { withBatch } from "../passes/rewrite.js";
import type { LoweredNode } from "../plan.js";
import { constantsOf, problemOf } from "./constants.js";
import { layInPlace } from "./lay-in-place.js";

/** Throws E_ADAPTER when half precision is asked of a device without float16 in shaders. */
export const checkPrecision = (caps: Capabilities, precision: ChooseOptions["precision"]): void =>
  check(
    precision !== "half" || caps.halfFloats,
    "E_ADAPTER",
    () =>
      "half precision: expected an adapter with the feature shader-f16, found one without; use float32, or another adapter",
  );

/** Chooses a variant and its settings for every node and lowers it. Pure: needs no GPU. Throws what `checkPrecision` throws. */
export function lowerGraph(graph: Graph, caps: Capabilities, options: ChooseOptions = {}): LoweredNode[] {
  checkPrecision(caps, options.precision);
  const constants = constantsOf(graph);
  const nodes = graph.nodes.map((node) => {
    const problem = problemOf(node, constants);
    const cut = graph.large?.cut(node, problem, caps.maxStorageBufferBindingSize);
    if (cut) return { node, variant: "pieces", lowered: graph.large!.lower(node, cut, caps, options) };
    const { variant, settings } = chooseVariant(node.op, problem, caps, options);
    return { node, variant: variant.name, settings, lowered: variant.lower(problem, caps, settings) };
  });
  return layInPlace(graph, nodes);
}

/** What a node may keep between its launches, as a value that no node reads. */
function scratchOf({ op, inputs, params, path }: Node): readonly Value[] {
  const specs = inputs.map((v) => v.spec);
  return op.largestScratch ? [{ id: -1, spec: op.largestScratch(specs, params), path }] : [];
}

/** Everything one node binds must fit the binding limit, or it must be cut: params, inputs, results and scratch. */
function tooLarge(graph: Graph, limit: number): Value | undefined {
  const none = new Map<Value, string>();
  for (const node of graph.nodes) {
    const large = [...node.inputs, ...node.outputs, ...scratchOf(node)].find((v) => bytesOf(v.spec) > limit);
    if (large && !graph.large?.cut(node, problemOf(node, none), limit)) return large;
  }
  return undefined;
}

/** Batch of the graph when every input and output begins with the same extent N. */
export function batchOf(graph: Graph): number | undefined {
  const firsts = [...graph.inputs.values(), ...graph.outputs.values()].map((v) => v.spec.shape[0]);
  return new Set(firsts).size === 1 ? firsts[0] : undefined;
}

/**
 * Does every sample stand for itself? Judged by shapes: whatever depends on an input must begin with the batch, and
 * only that extent may change with it. Sums over the batch (losses, gradients) and updates in place do not pass.
 */
function separates(graph: Graph, batch: number): boolean {
  if (graph.nodes.some((n) => n.op.alias)) return false;
  const fed = dependents(graph.nodes, graph.inputs.values());
  if ([...graph.outputs.values()].some((v) => !fed.has(v))) return false;
  const other = batch === 1 ? 2 : 1;
  let twin: Graph;
  try {
    twin = withBatch(graph, other);
  } catch (error) {
    if (error instanceof TlxError && error.code === "E_SHAPE") return false;
    throw error;
  }
  return graph.nodes.every((node, i) =>
    node.outputs.every((v, o) => {
      const there = twin.nodes[i]!.outputs[o]!.spec;
      if (!fed.has(v)) return sameSpec(v.spec, there);
      const shape = [other, ...v.spec.shape.slice(1)];
      return v.spec.shape[0] === batch && sameSpec({ ...v.spec, shape }, there);
    }),
  );
}

/**
 * The graph to compile: itself, or, when a value is over the binding limit, the same network for a part of the batch.
 * Throws E_LIMIT when even one sample does not fit, when a weight does not, or when the batch cannot be split.
 */
export function splitBatch(graph: Graph, caps: Capabilities): Graph {
  const limit = caps.maxStorageBufferBindingSize;
  let culprit = tooLarge(graph, limit);
  if (!culprit) return graph;
  const batch = batchOf(graph);
  let advice = "use a smaller batch";
  if (batch !== undefined && separates(graph, batch)) {
    const one = withBatch(graph, 1);
    const still = tooLarge(one, limit);
    if (!still) {
      const fed = [...dependents(one.nodes, one.inputs.values()), ...one.nodes.flatMap(scratchOf)];
      const widest = Math.max(...fed.map((v) => bytesOf(v.spec)));
      const parts = Math.ceil(batch / Math.floor(limit / widest));
      return withBatch(graph, Math.ceil(batch / parts));
    }
    culprit = still;
    advice = "even one sample does not fit, use smaller pictures";
  }
  const heavy = [...graph.params.values(), ...graph.states.values()].find((v) => bytesOf(v.spec) > limit);
  if (heavy)
    [culprit, advice] = [heavy, "it needs a device with a higher limit, or a network that calls expectLargeWeights"];
  throw new TlxError(
    "E_LIMIT",
    `"${culprit.path}": ${formatSpec(culprit.spec)} takes ${bytesOf(culprit.spec)} bytes but a binding may hold ${limit} on this device; ${advice}`,
    { bytes: bytesOf(culprit.spec), limit },
  );
}
