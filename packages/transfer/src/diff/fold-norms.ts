/**
 * A checkpoint with batch norm apart, as one with batch norm folded into the convolutions before it:
 *
 *   weight'[.., c] = weight[.., c] g[c]        g = norm.weight / sqrt(running_var + eps)
 *   bias'[c]       = norm.bias[c] - running_mean[c] g[c]
 */
import { batchNorm, conv2d, depthwiseConv2d, f32, type HostTensor, TlxError } from "@tlx/kernels";
import type { Network, Node } from "@tlx/nn";

type Weights = Network["weights"];

function tensorAt(weights: Weights, path: string): HostTensor {
  const tensor = weights.get(path);
  if (!tensor) throw new TlxError("E_WEIGHTS", `fold: expected a tensor "${path}", found none`);
  return tensor;
}

/** Where the network has a norm behind something else than a convolution that only it reads, its tensors stay. */
export function foldNorms({ graph, weights }: Network): Weights {
  const paths = new Map([...graph.params, ...graph.states].map(([path, value]) => [value, path]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const folded = new Map(weights);
  for (const norm of graph.nodes) {
    const conv = norm.op === batchNorm ? makers.get(norm.inputs[0]!) : undefined;
    if (!conv || (conv.op !== conv2d && conv.op !== depthwiseConv2d)) continue;
    if (graph.nodes.some((other) => other !== norm && other.inputs.includes(norm.inputs[0]!))) continue;
    const own = norm.inputs.slice(1).map((value) => paths.get(value) as string);
    const weight = paths.get(conv.inputs[1]!) as string;
    const [g, bias] = affineOf(
      norm,
      own.map((path) => tensorAt(weights, path)),
    );
    const { spec, data } = tensorAt(weights, weight);
    const channels = g.length;
    folded.set(weight, { spec, data: Float32Array.from(data, (w, i) => w * g[i % channels]!) });
    folded.set(weight.replace(/weight$/, "bias"), { spec: f32(channels), data: bias });
    for (const path of own) folded.delete(path);
  }
  return folded;
}

/** Factor and summand of every channel. */
function affineOf({ params }: Node, tensors: readonly HostTensor[]): readonly [Float64Array, Float32Array] {
  const { eps } = params as { readonly eps: number };
  const [weight, bias, mean, variance] = tensors.map(({ data }) => data) as [
    HostTensor["data"],
    ...HostTensor["data"][],
  ];
  const g = Float64Array.from(weight, (w, c) => w / Math.sqrt(variance![c]! + eps));
  return [g, Float32Array.from(bias!, (b, c) => b - mean![c]! * g[c]!)];
}
