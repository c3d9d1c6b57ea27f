/** A network in the form in which it is exported: batch norms folded where the network can be read back so, numbers rounded. */
import type { HostTensor } from "@tlx/kernels";
import { dropDead, foldAffine, fuseBias, type Graph, type Network, toInference, type Weights } from "@tlx/nn";
import { exportTensors, halveTensors, type StoredTensor, toHostTensor } from "@tlx/transfer";
import type { ExportMetadata } from "./metadata.js";

export interface ExportedNetwork {
  /** Input "image" [1, S, S, 3], output "logits". Weights are those of the file, as float32. */
  readonly network: Network;
  readonly isHalf: boolean;
  readonly metadata: ExportMetadata;
}

export type ExportForm = "separate" | "folded";

const namesOf = ({ params, states }: Graph): string[] => [...params.keys(), ...states.keys()].sort();

const folded = /\.folded_(weight|bias)$/;

/** Folded weights under the names that a folded checkpoint has. */
function underOwnNames({ graph, weights }: Network): Network {
  const rename = <T>(map: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...map].map(([path, value]) => [path.replace(folded, ".$1"), value]));
  return { graph: { ...graph, params: rename(graph.params) }, weights: rename(weights) };
}

/**
 * The network without batch norms, if that has the tensors of `foldedGraph`, which is how it would be read back; as it is
 * otherwise. Biases are part of their convolutions and dense layers in both.
 */
export function prepareForm(network: Network, foldedGraph: Graph): { network: Network; form: ExportForm } {
  const plain = dropDead(fuseBias(network));
  if (plain.graph.states.size === 0) return { network: plain, form: "folded" };
  const short = dropDead(underOwnNames(dropDead(foldAffine(fuseBias(toInference(network))))));
  const isReadable = String(namesOf(short.graph)) === String(namesOf(foldedGraph));
  return isReadable ? { network: short, form: "folded" } : { network: plain, form: "separate" };
}

const asFloat32 = (data: HostTensor["data"]): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>);

/** Tensors in tlx's order as a file would hold them. */
export function storeAsLaid(weights: Weights, isHalf: boolean): Map<string, StoredTensor> {
  const stored = new Map(
    [...weights].map(([name, { spec, data }]): [string, StoredTensor] => {
      const { buffer, byteOffset, byteLength } = asFloat32(data);
      return [name, { name, dtype: "F32", shape: spec.shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) }];
    }),
  );
  return isHalf ? halveTensors(stored) : stored;
}

/** Tensors in the order of checkpoints. */
export function storeAsCheckpoint(weights: Weights, isHalf: boolean): Map<string, StoredTensor> {
  const stored = exportTensors(weights);
  return isHalf ? halveTensors(stored) : stored;
}

/** The weights that a reader of the file will see. Throws E_WEIGHTS for a number that no half float comes near. */
export const roundWeights = (weights: Weights, isHalf: boolean): Weights =>
  new Map([...storeAsLaid(weights, isHalf)].map(([name, tensor]) => [name, toHostTensor(tensor)]));
