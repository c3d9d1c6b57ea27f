/** Networks with seeded weights: times depend on shapes, so nothing has to be downloaded to measure them. */
import { f32, type HostTensor, type Spec, sizeOf } from "@tlx/kernels";
import { type Network, optimizeForInference, uniformFanIn } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { buildNetworkGraph, type Checkpoint, exportTensors, findModel } from "@tlx/transfer";

const SEED = 1;

/** Weights keep the size of activations under relu; biases are small. */
function seededTensor(path: string, spec: Spec): HostTensor {
  const fanIn = spec.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const tensor = uniformFanIn(spec, Math.max(1, fanIn / 6), SEED, path);
  if (spec.shape.length > 1) return tensor;
  return { spec: f32(...spec.shape), data: (tensor.data as Float32Array).map((v) => v / 10) };
}

/** The network as it was published, batch norms folded, for one picture. */
export function seededNetwork(model: string): Network {
  const graph = buildNetworkGraph(findModel(model), { batch: 1, form: "folded" });
  return { graph, weights: new Map([...graph.params].map(([path, { spec }]) => [path, seededTensor(path, spec)])) };
}

/** Its weights as a checkpoint, to train on. */
export const seededCheckpoint = (model: string): Checkpoint => ({
  tensors: exportTensors(seededNetwork(model).weights),
  metadata: new Map(),
});

/** Pictures by a formula, so that every machine measures the same numbers; of one `set` all differ, and sets differ. */
export function makePictures(batch: number, size: number, set = 0): Float32Array<ArrayBuffer> {
  const each = size * size * 3;
  return Float32Array.from({ length: batch * each }, (_, i) => {
    const picture = Math.floor(i / each) + 1000 * set;
    return Math.sin((i % each) * 0.001 + picture) + 0.5 * Math.cos((i % each) * 0.0173 * (1 + (picture % 7)));
  });
}

/** A network ready for inference, and what it makes of the first picture in double precision. */
export interface CheckedNetwork {
  readonly network: Network;
  readonly size: number;
  /** Name of its output: logits, or the features of a network without classifier. */
  readonly output: string;
  /** Values of it per picture. */
  readonly width: number;
  readonly expected: Float64Array;
}

const known = new Map<string, CheckedNetwork>();

/** Interpreted once: that takes seconds. */
export function checkedNetwork(model: string): CheckedNetwork {
  const found = known.get(model);
  if (found) return found;
  const network = optimizeForInference(seededNetwork(model));
  const image = network.graph.inputs.get("image")!;
  const [output, value] = [...network.graph.outputs][0]!;
  const size = image.spec.shape[1]!;
  const values = interpret(network.graph, network.weights, new Map([["image", makePictures(1, size)]]));
  const made = { network, size, output, width: sizeOf(value.spec), expected: values.get(value)! };
  known.set(model, made);
  return made;
}
