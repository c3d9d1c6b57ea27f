/**
 * Weights of a network that begins from nothing, the same everywhere for one seed.
 *
 *   convolution with batch norm after it   normal, deviation sqrt(2 / fanOut)
 *   convolution with bias                  normal, deviation sqrt(2 / fanIn); bias 0
 *   batch norm                             weight 1, bias 0, running mean 0, running variance 1
 *   dense                                  weight and bias uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn))
 *
 * Source   He et al. 2015, equations 10 and 14; what torchvision's ResNet begins with. Without batch norm fanIn keeps the
 *          size of activations, as torchvision's SqueezeNet does
 */
import {
  addBias,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  type HostTensor,
  matmul,
  type Spec,
  sizeOf,
  TlxError,
  type Value,
} from "@tlx/kernels";
import { type Graph, kaimingNormal, type Node, uniformFanIn, type Weights, zeros } from "@tlx/nn";
import { buildFeatureGraph } from "./instantiate.js";
import type { LoadedBackbone } from "./load.js";
import type { Model } from "./model.js";

const ones = (spec: Spec): HostTensor => ({ spec, data: new Float32Array(sizeOf(spec)).fill(1) });

/** Products in each sum of a convolution or dense layer, of its weight's spec. */
const fanInOf = ({ shape }: Spec): number => shape.slice(0, -1).reduce((a, b) => a * b, 1);

/** Sums that each input of a convolution takes part in. */
function fanOutOf(weight: Spec, node: Node): number {
  const [kh, kw, , out] = weight.shape as [number, number, number, number];
  const channels = node.inputs[0]!.spec.shape[3]!;
  const groups = channels / weight.shape[2]!;
  return (kh * kw * out) / groups;
}

/** Starting values of all params and states of `graph`. Throws E_GRAPH for one that no known layer reads. */
export function initialWeights(graph: Graph, seed: number): Weights {
  const readers = new Map<Value, { readonly node: Node; readonly index: number }>();
  for (const node of graph.nodes) for (const [index, v] of node.inputs.entries()) readers.set(v, { node, index });
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((v) => [v, node] as const)));

  const start = (path: string, value: Value): HostTensor => {
    const { spec } = value;
    const { node, index } = readers.get(value) ?? {};
    if (node?.op === conv2d || node?.op === depthwiseConv2d) {
      const hasBias = readers.get(node.outputs[0]!)?.node.op === addBias;
      return kaimingNormal(spec, hasBias ? fanInOf(spec) : fanOutOf(spec, node), seed, path);
    }
    if (node?.op === batchNorm) return index === 1 || index === 4 ? ones(spec) : zeros(spec);
    if (node?.op === matmul) return uniformFanIn(spec, fanInOf(spec), seed, path);
    if (node?.op === addBias) {
      const layer = makers.get(node.inputs[0]!);
      return layer?.op === matmul ? uniformFanIn(spec, fanInOf(layer.inputs[1]!.spec), seed, path) : zeros(spec);
    }
    const reader = node ? `read by ${node.op.name}` : "that nothing reads";
    throw new TlxError(
      "E_GRAPH",
      `initialWeights: no starting values are known for "${path}" ${reader}; known are convolutions, dense layers and batch norm`,
    );
  };
  return new Map([...graph.params, ...graph.states].map(([path, value]) => [path, start(path, value)]));
}

/** The part of `model` before the head with its starting values, in place of a pretrained one. */
export function startBackbone(model: Model, seed: number): LoadedBackbone {
  const form = "separate";
  return { form, weights: initialWeights(buildFeatureGraph(model, { batch: 1, form }), seed) };
}
