/**
 * TensorFlow.js on its WebGPU backend, in Node on Dawn: runs the nodes of an optimised tlx graph with its fused ops.
 * It needs WebGPU's globals and navigator.gpu; waits go through tlx's `gpu.wait`, so both contestants wait alike.
 */
import { type Gpu, type HostTensor, TlxError, type Value } from "@tlx/kernels";
import type { Network, Node } from "@tlx/nn";
import { create, globals } from "webgpu";

type Tf = typeof import("@tensorflow/tfjs");
type Tensor = import("@tensorflow/tfjs-core").Tensor;
type Activation = "none" | "relu" | "relu6";

interface Backend {
  commandEncoder?: unknown;
  endComputePassEncoder(): void;
  submitQueue(): void;
  readonly queue: GPUQueue;
}

export interface TfjsNetwork {
  prepare(
    input: Float32Array,
    batch: number,
  ): Promise<{ run(): Promise<void>; logits(): Promise<Float32Array>; dispose(): void }>;
}

const activationName: Readonly<Record<Activation, "linear" | "relu" | "relu6">> = {
  none: "linear",
  relu: "relu",
  relu6: "relu6",
};

export async function openTfjs(gpu: Gpu, network: Network): Promise<TfjsNetwork> {
  Object.assign(globalThis, globals);
  const instance = create([]);
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu: instance, userAgent: "node" },
    configurable: true,
    writable: true,
  });
  const tf = await import("@tensorflow/tfjs");
  await import("@tensorflow/tfjs-backend-webgpu");
  await tf.setBackend("webgpu");
  await tf.ready();
  const backend = tf.backend() as unknown as Backend;
  const settle = async (): Promise<void> => {
    if (backend.commandEncoder) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    await gpu.wait(backend.queue.onSubmittedWorkDone().then(() => {}));
  };
  const tensorOf = (t: HostTensor): Tensor =>
    tf.tensor(Float32Array.from(t.data as ArrayLike<number>), [...t.spec.shape]);
  const constants = new Map<Value, Tensor>();
  for (const [path, value] of network.graph.params) constants.set(value, tensorOf(network.weights.get(path)!));

  const forward = (image: Tensor): Tensor => {
    const values = new Map(constants);
    values.set(network.graph.inputs.get("image")!, image);
    for (const node of network.graph.nodes) {
      const inputs = node.inputs.map((v) => values.get(v)!);
      values.set(node.outputs[0]!, apply(tf, node, inputs));
    }
    return values.get(network.graph.outputs.get("logits")!)!;
  };
  return {
    async prepare(input, batch) {
      const image = tf.tensor(input, [batch, 224, 224, 3]);
      return {
        async run() {
          const result = tf.tidy(() => forward(image));
          await settle();
          result.dispose();
        },
        async logits() {
          const result = tf.tidy(() => forward(image));
          await settle();
          const data = (await result.data()) as Float32Array;
          result.dispose();
          return data;
        },
        dispose: () => image.dispose(),
      };
    },
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
      throw new TlxError("E_GRAPH", `tfjs peer: op ${node.op.name} at "${node.path}" is not mapped`);
  }
}
