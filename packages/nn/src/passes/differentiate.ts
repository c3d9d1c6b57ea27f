/**
 * Reverse-mode differentiation, graph to graph: backward ops are ordinary ops, so saved activations, memory reuse and
 * profiling need no second mechanism.
 *
 * Method   walks the nodes backward and asks each op's gradient rule; a gradient nobody needs is never asked for.
 * Throws   E_GRAPH for an op without a rule on the way, for one whose rule leaves out a gradient, for a loss that another
 *          loss depends on, and for a trainable param that no loss depends on
 */
import { add, type GradientRules, TlxError, type Value } from "@tlx/kernels";
import { GraphBuilder } from "../graph/builder.js";
import type { Graph } from "../graph/graph.js";
import { dependents, findParams } from "../graph/walk.js";

export interface Differentiated {
  readonly graph: Graph;
  /** Gradient of the sum of the losses by path of the param. */
  readonly grads: ReadonlyMap<string, Value>;
}

/**
 * Adds to `graph` the gradients of the sum of `losses`, single numbers, with respect to the params at the paths in
 * `trainable`.
 */
export function differentiate(
  graph: Graph,
  losses: Value | readonly Value[],
  trainable: ReadonlySet<string>,
  rules: GradientRules,
): Differentiated {
  const ends = new Set("spec" in losses ? [losses] : losses);
  const roots = findParams(graph, trainable, "differentiate");
  const live = dependents(graph.nodes, roots);
  const builder = GraphBuilder.from(graph);
  const grads = new Map<Value, Value>();

  for (const node of [...graph.nodes].reverse()) {
    const result = node.outputs[0] as Value;
    const outputGrad = grads.get(result);
    if (outputGrad && ends.has(result)) {
      throw new TlxError(
        "E_GRAPH",
        `differentiate: loss "${node.path}" is part of another loss; leave one of them out`,
      );
    }
    if (!(outputGrad || ends.has(result)) || !node.outputs.some((v) => live.has(v))) continue;
    const rule = rules.get(node.op);
    if (!rule) {
      throw new TlxError("E_GRAPH", `differentiate: op ${node.op.name} at "${node.path}" has no gradient rule`);
    }
    builder.path = `${node.path}/grad`;
    const needs = (i: number): boolean => live.has(node.inputs[i] as Value);
    const inputGrads = rule({ ...node, params: node.params, outputGrad, needs }, builder);
    node.inputs.forEach((input, i) => {
      const grad = inputGrads[i];
      if (!live.has(input)) return;
      if (!grad) {
        const reason = outputGrad ? "gives no gradient" : "cannot be the loss: it gives no gradient";
        throw new TlxError("E_GRAPH", `differentiate: op ${node.op.name} at "${node.path}" ${reason} for input ${i}`);
      }
      const sofar = grads.get(input);
      grads.set(input, sofar ? (builder.apply(add, [sofar, grad], {})[0] as Value) : grad);
    });
  }
  const byPath = new Map<string, Value>();
  roots.forEach((root) => {
    const grad = grads.get(root);
    if (!grad) throw new TlxError("E_GRAPH", `differentiate: no loss depends on "${root.path}"`);
    byPath.set(root.path, grad);
  });
  return { graph: builder.finish(), grads: byPath };
}
