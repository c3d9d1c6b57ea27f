/** The nodes of an optimised tlx graph, run one after the other with TensorFlow.js's fused ops. */
import { type HostTensor, TlxError, type Value } from "@tlx/kernels";
import type { Network, Node } from "@tlx/nn";
import type { Tensor, Tf } from "./open-tfjs.js";

type Activation = "none" | "relu" | "relu6";

const activationName: Readonly<Record<Activation, "linear" | "relu" | "relu6">> = {
  none: "linear",
  relu: "relu",
  relu6: "relu6",
};

/** Uploads the weights; the function takes "image" [N, S, S, 3] of any N and gives `output`. Call it inside `tf.tidy`. */
export function tfjsForward(tf: Tf, { graph, weights }: Network, output: string): (image: Tensor) => Tensor {
  const tensorOf = (t: HostTensor): Tensor =>
    tf.tensor(Float32Array.from(t.data as ArrayLike<number>), [...t.spec.shape]);
  const constants = new Map<Value, Tensor>();
  for (const [path, value] of graph.params) constants.set(value, tensorOf(weights.get(path)!));
  return (image) => {
    const values = new Map(constants);
    values.set(graph.inputs.get("image")!, image);
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((v) => values.get(v)!);
      values.set(node.outputs[0]!, apply(tf, node, inputs));
    }
    return values.get(graph.outputs.get(output)!)!;
  };
}

function apply(tf: Tf, node: Node, inputs: Tensor[]): Tensor {
  const params = node.params as {
    stride: [number, number];
    pad: [number, number, number, number];
    activation: Activation;
  };
  const [x, w, bias, residual] = inputs as [Tensor, Tensor, Tensor | undefined, Tensor | undefined];
  switch (node.op.name) {
    case "conv2d":
    case "depthwiseConv2d": {
      const [top, bottom, left, right] = params.pad;
      const options = {
        x: x as never,
        strides: params.stride,
        pad:
          top === bottom && left === right && top === left
            ? top
            : ([
                [0, 0],
                [top, bottom],
                [left, right],
                [0, 0],
              ] as never),
        bias,
        activation: residual ? ("linear" as const) : activationName[params.activation],
      };
      if (node.op.name === "conv2d") {
        const y = tf.fused.conv2d({ ...options, filter: w as never });
        return residual ? tf.add(y, residual) : y;
      }
      const [kh, kw, , c] = w.shape as [number, number, number, number];
      return tf.fused.depthwiseConv2d({ ...options, filter: w.reshape([kh, kw, c, 1]) as never });
    }
    case "globalAveragePool":
      return tf.mean(x, [1, 2]);
    case "matmul":
      return tf.fused.matMul({ a: x, b: w, bias, activation: activationName[params.activation] });
    default:
      throw new TlxError("E_GRAPH", `tfjs: op ${node.op.name} at "${node.path}" is not mapped`);
  }
}
