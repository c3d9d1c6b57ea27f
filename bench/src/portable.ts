/** Graphs as plain data, for runtimes in other processes. */
import type { Spec, Value } from "@tlx/kernels";
import { type Network, splitExpand } from "@tlx/nn";

/** One op applied to values, which are numbers. */
export interface PortableNode {
  readonly op: string;
  readonly path: string;
  readonly params: unknown;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export type PortableData = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A graph with its weights; NHWC, conv weights [KH, KW, C/groups, OC], as everywhere in tlx. */
export interface PortableNetwork {
  /** Of every value, by number. */
  readonly specs: ReadonlyMap<number, Spec>;
  readonly inputs: ReadonlyMap<string, number>;
  /** Params and states, by path. */
  readonly weights: ReadonlyMap<string, { readonly value: number; readonly data: PortableData }>;
  readonly nodes: readonly PortableNode[];
  readonly outputs: ReadonlyMap<string, number>;
}

/** Other runtimes expand channels in a convolution of its own. */
export function portableGraph(network: Network): PortableNetwork {
  const { graph, weights } = splitExpand(network);
  const specs = new Map<number, Spec>();
  const numberOf = ({ id, spec }: Value): number => {
    specs.set(id, { dtype: spec.dtype, shape: [...spec.shape] });
    return id;
  };
  const named = (values: ReadonlyMap<string, Value>): Map<string, number> =>
    new Map([...values].map(([name, value]) => [name, numberOf(value)]));
  return {
    specs,
    inputs: named(graph.inputs),
    weights: new Map(
      [...graph.params, ...graph.states].map(([path, value]) => {
        const { data } = weights.get(path)!;
        return [path, { value: numberOf(value), data: data instanceof Float64Array ? Float32Array.from(data) : data }];
      }),
    ),
    nodes: graph.nodes.map(({ op, path, params, inputs, outputs }) => ({
      ...{ op: op.name, path, params },
      inputs: inputs.map(numberOf),
      outputs: outputs.map(numberOf),
    })),
    outputs: named(graph.outputs),
  };
}
