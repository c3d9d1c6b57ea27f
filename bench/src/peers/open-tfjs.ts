/**
 * TensorFlow.js on its WebGPU backend, in Node on Dawn. It needs WebGPU's globals and navigator.gpu; waits go through tlx's
 * `gpu.wait`, so both contestants wait alike.
 */
import type { Gpu } from "@tlx/kernels";
import { create, globals } from "webgpu";

export type Tf = typeof import("@tensorflow/tfjs");
export type Tensor = import("@tensorflow/tfjs-core").Tensor;
export type Variable = import("@tensorflow/tfjs-core").Variable;

interface Backend {
  commandEncoder?: unknown;
  endComputePassEncoder(): void;
  submitQueue(): void;
  readonly queue: GPUQueue;
}

export interface TfjsRuntime {
  readonly tf: Tf;
  /** Submits what is recorded and waits until the device has done it. */
  settle(): Promise<void>;
  /** The numbers of a tensor, which is freed. */
  take(tensor: Tensor): Promise<Float32Array>;
}

export async function openTfjs(gpu: Gpu): Promise<TfjsRuntime> {
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
  return {
    tf,
    async settle() {
      if (backend.commandEncoder) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      await gpu.wait(backend.queue.onSubmittedWorkDone().then(() => {}));
    },
    async take(tensor) {
      const data = (await gpu.wait(tensor.data())) as Float32Array;
      tensor.dispose();
      return data;
    },
  };
}
