/** Two runs of one network, module by module, and what is behind the first that differs. */
import { formatSpec, type Value } from "@tlx/kernels";
import { ancestors, type Graph } from "@tlx/nn";
import { isAlike, type Rating, rateDistance } from "./compare-tensors.js";
import { type Distance, distanceOf } from "./distance.js";
import { inOrder, type Trace } from "./trace.js";

export interface LayerDifference {
  readonly path: string;
  readonly likeness: Rating;
  /** "f32 [1, 112, 112, 64]" of A; of B too where it has another. */
  readonly spec: string;
  readonly distance?: Distance;
}

/** The first module that differs. */
export interface Divergence {
  readonly path: string;
  /** Ops between it and the modules before it that are alike, as "conv2d" at "layer1.0.conv1". */
  readonly nodes: readonly { readonly path: string; readonly op: string }[];
  /** Paths of the params and states that those read. */
  readonly tensors: readonly string[];
}

/** Modules that both runs show, in the order of `graph`. */
export function compareTraces(graph: Graph, a: Trace, b: Trace, tolerance: number): LayerDifference[] {
  return inOrder(graph).flatMap((path): LayerDifference[] => {
    const [x, y] = [a.get(path), b.get(path)];
    if (!x || !y) return [];
    const [spec, other] = [formatSpec(x.spec), formatSpec(y.spec)];
    if (spec !== other) return [{ path, likeness: "shape", spec: `${spec}, B ${other}` }];
    const distance = distanceOf(x.data, y.data);
    return [{ path, likeness: rateDistance(distance, tolerance), spec, distance }];
  });
}

/** `graph` is the network with every module in it; undefined where all layers are alike. */
export function findDivergence(graph: Graph, layers: readonly LayerDifference[]): Divergence | undefined {
  const first = layers.findIndex((layer) => !isAlike(layer));
  if (first < 0) return undefined;
  const resultOf = (path: string): Value => (graph.marks.get(path) ?? graph.outputs.get(path))!;
  const { path } = layers[first]!;
  const behind = ancestors(graph.nodes, [resultOf(path)]);
  const before = ancestors(
    graph.nodes,
    layers.slice(0, first).map((layer) => resultOf(layer.path)),
  );
  const nodes = graph.nodes.filter(({ outputs }) => outputs.some((v) => behind.has(v) && !before.has(v)));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const tensors = [...graph.params, ...graph.states].filter(([, value]) => read.has(value)).map(([name]) => name);
  return { path, nodes: nodes.map((node) => ({ path: node.path, op: node.op.name })), tensors };
}
