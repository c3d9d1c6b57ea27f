import { addBias, type HostTensor, matmul, TlxError } from "@tlx/kernels";
import type { Graph, Network } from "@tlx/nn";

/** Paths of the weight and the bias of the dense layer that gives output "logits". Throws E_GRAPH where none does. */
export function lastLayer(graph: Graph): readonly [weight: string, bias: string] {
  const makerOf = (value: unknown) => graph.nodes.find((node) => node.outputs[0] === value);
  const pathOf = (value: unknown): string | undefined => [...graph.params].find(([, param]) => param === value)?.[0];
  const sum = makerOf(graph.outputs.get("logits"));
  const product = sum?.op === addBias ? makerOf(sum.inputs[0]) : undefined;
  const paths = product?.op === matmul ? [pathOf(product.inputs[1]), pathOf(sum!.inputs[1])] : [];
  const [weight, bias] = paths;
  if (weight !== undefined && bias !== undefined) return [weight, bias];
  throw new TlxError(
    "E_GRAPH",
    `calibration: expected "logits" from a dense layer, found another; train a head with tlx`,
  );
}

/**
 * Divides the last layer by the temperature: (x W + b) / T = x (W / T) + b / T, so that whatever runs the network has honest
 * probabilities without knowing of it. Throws E_GRAPH for a network that does not end in a dense layer.
 */
export function foldTemperature({ graph, weights }: Network, temperature: number): Network {
  const divide = ({ spec, data }: HostTensor): HostTensor => ({
    spec,
    data: Float32Array.from(data as ArrayLike<number>, (v) => v / temperature),
  });
  const divided = lastLayer(graph).map((path) => [path, divide(weights.get(path)!)] as const);
  return { graph, weights: new Map([...weights, ...divided]) };
}
