import { check, type HostTensor, type Spec, TlxError, type Value } from "@tlx/kernels";
import { GraphBuilder } from "../graph/builder.js";
import type { Graph, Network, Node, Weights } from "../graph/graph.js";
import { countReaders } from "../graph/walk.js";

/** What a rewrite rule may look at and do. Values are those of the new graph. */
export interface Rewriting {
  readonly builder: GraphBuilder;
  /** Is input `i` of the current node read by nobody else, and not an output? */
  soleReader(i: number): boolean;
  /** A frozen weight's value; undefined when `value` is not a weight but an input or computed. */
  weight(value: Value): HostTensor | undefined;
  /**
   * Gives `maker`, whose first output is an input, other params, and `more` inputs; returns what now stands for that output, whose
   * own name is forgotten.
   */
  alter(maker: Node, params: unknown, more?: readonly Value[]): Value;
  /** Declares a computed param at `path`, or at a numbered one beside it when that is taken. */
  derive(path: string, tensor: HostTensor): Value;
}

/** Replacement outputs for `node` applied to `inputs`, or undefined to keep it as it is. */
export type RewriteRule = (node: Node, inputs: readonly Value[], ctx: Rewriting) => readonly Value[] | undefined;

/**
 * Replays a graph node by node into a new one, letting `rule` replace nodes. Params that nothing reads any more stay
 * declared until `dropDead`.
 */
export function rewrite(network: Network, rule: RewriteRule): Network {
  const { graph } = network;
  const readers = countReaders(graph);
  const weights = new Map(network.weights);
  const replaced = new Map<Value, Value>();
  const builder = new GraphBuilder();
  declareAll(graph, builder, replaced, (v) => v.spec);
  const pathOf = new Map<Value, string>();
  for (const [path, value] of [...graph.params, ...graph.states]) pathOf.set(replaced.get(value)!, path);

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((v) => replaced.get(v)!);
    const outputs = rule(node, inputs, {
      builder,
      soleReader: (i) => readers.get(node.inputs[i]!) === 1,
      weight(value) {
        const path = pathOf.get(value);
        if (path === undefined) return undefined;
        const tensor = weights.get(path);
        if (!tensor) throw new TlxError("E_WEIGHTS", `rewrite: the value of weight "${path}" is missing`);
        return tensor;
      },
      alter(maker, params, more) {
        const made = builder.replace(maker, params, more);
        for (const [old, value] of replaced) {
          const output = maker.outputs.indexOf(value);
          if (output > 0) replaced.set(old, made[output]!);
        }
        return made[0]!;
      },
      derive(wanted, tensor) {
        let path = wanted;
        for (let n = 2; weights.has(path); n++) path = `${wanted}_${n}`;
        const value = builder.param(path, tensor.spec);
        weights.set(path, tensor);
        pathOf.set(value, path);
        return value;
      },
    });
    const made = outputs ?? builder.apply(node.op, inputs, node.params, node.path);
    for (const [i, v] of node.outputs.entries()) replaced.set(v, made[i]!);
  }
  nameAll(graph, builder, replaced);
  return { graph: builder.finish(), weights };
}

function declareAll(graph: Graph, to: GraphBuilder, replaced: Map<Value, Value>, specOf: (v: Value) => Spec): void {
  to.large = graph.large;
  for (const [name, v] of graph.inputs) replaced.set(v, to.input(name, specOf(v)));
  for (const [path, v] of graph.params) replaced.set(v, to.param(path, v.spec));
  const inBlock = new Set<string>();
  for (const [path, { params, beside }] of graph.blocks) {
    const paths = [path, ...beside.keys()];
    const names = [...beside].map(([p, start]) => [p.slice(path.length + 1), start] as const);
    const made = to.block(path, params, Object.fromEntries(names));
    made.forEach((v, i) => void replaced.set(graph.states.get(paths[i]!)!, v));
    for (const p of paths) inBlock.add(p);
  }
  for (const [path, v] of graph.states) if (!inBlock.has(path)) replaced.set(v, to.state(path, v.spec));
}

function nameAll(graph: Graph, to: GraphBuilder, replaced: ReadonlyMap<Value, Value>): void {
  for (const [name, v] of graph.outputs) to.output(name, replaced.get(v)!);
  for (const [path, v] of graph.marks) {
    const value = replaced.get(v);
    // A result that was fused away is written nowhere, so its name goes too.
    if (value && to.has(value)) to.mark(path, value);
  }
}

/**
 * The same network for another batch size: inputs get extent N = `batch`, all shapes are inferred anew.
 * Throws E_USAGE when `batch` is not a positive whole number.
 */
export function withBatch(graph: Graph, batch: number): Graph {
  check(
    Number.isSafeInteger(batch) && batch > 0,
    "E_USAGE",
    () => `withBatch: expected a batch of at least 1, found ${batch}`,
  );
  const replaced = new Map<Value, Value>();
  const builder = new GraphBuilder();
  declareAll(graph, builder, replaced, ({ spec }) => ({ ...spec, shape: [batch, ...spec.shape.slice(1)] }));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((v) => replaced.get(v)!);
    const outputs = builder.apply(node.op, inputs, node.params, node.path);
    for (const [i, v] of node.outputs.entries()) replaced.set(v, outputs[i]!);
  }
  nameAll(graph, builder, replaced);
  return builder.finish();
}

/**
 * Makes module results ("features.3") the graph's outputs, besides the outputs it has or instead of them.
 * Throws E_GRAPH for a name that is neither a mark nor an output.
 */
export function withOutputs(graph: Graph, names: readonly string[], instead = false): Graph {
  const outputs = new Map(instead ? [] : graph.outputs);
  for (const name of names) {
    const value = graph.marks.get(name) ?? graph.outputs.get(name);
    if (!value) {
      const known = [...graph.marks.keys(), ...graph.outputs.keys()].join(", ");
      throw new TlxError("E_GRAPH", `withOutputs: there is no module "${name}"; there are: ${known}`);
    }
    outputs.set(name, value);
  }
  return { ...graph, outputs };
}

/** The weights that a graph declares, out of a larger set; what is missing there is missing here. */
export function weightsOf(graph: Graph, weights: Weights): Weights {
  const names = new Set([...graph.params.keys(), ...graph.states.keys()]);
  return new Map([...weights].filter(([path]) => names.has(path)));
}
