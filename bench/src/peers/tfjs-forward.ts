/** The nodes of an optimised tlx graph, run one after the other with TensorFlow.js's fused ops. */
import type { HostTensor, Value } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Tensor, Tf } from "./open-tfjs.js";
import { applyNode } from "./tfjs-node.js";

export const tensorOf = (tf: Tf, { spec, data }: HostTensor): Tensor =>
  tf.tensor(Float32Array.from(data as ArrayLike<number>), [...spec.shape]);

/** Uploads the weights; the function takes "image" [N, S, S, 3] of any N and gives `output`. Call it inside `tf.tidy`. */
export function tfjsForward(tf: Tf, { graph, weights }: Network, output: string): (image: Tensor) => Tensor {
  const constants = new Map<Value, Tensor>();
  for (const [path, value] of graph.params) constants.set(value, tensorOf(tf, weights.get(path)!));
  return (image) => {
    const values = new Map(constants);
    values.set(graph.inputs.get("image")!, image);
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((v) => values.get(v)!);
      values.set(node.outputs[0]!, applyNode(tf, node, inputs, false));
    }
    return values.get(graph.outputs.get(output)!)!;
  };
}
