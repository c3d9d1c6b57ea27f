/**
 * TensorFlow.js in Node, with its WebGPU backend on Dawn or its WebAssembly one (SIMD, one thread: its threads need a browser).
 * It is imported whole: `tfjs-core` alone registers no gradients in Node.
 */
import * as tf from "@tensorflow/tfjs";
import { provideGpu } from "../gpu.js";
import { prepareForward } from "./forward.js";
import { prepareJob } from "./job.js";
import { prepareKernel } from "./kernel.js";
import { prepareStep } from "./step.js";

const kinds = { kernel: prepareKernel, forward: prepareForward, step: prepareStep, job: prepareJob };

export async function openTfjs(name, wanted) {
  const adapter = wanted && (await provideGpu(wanted));
  await import(`@tensorflow/tfjs-backend-${name}`);
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`tfjs: the ${name} backend did not start`);
  if (wanted && !tf.backend().device) throw new Error("tfjs: its backend opened no WebGPU device");
  tf.enableProdMode();
  const runtime = {
    tf,
    /** Submits what is recorded and waits until the device has done it; reading a tensor would hide the wait in a copy. */
    async settle() {
      const backend = tf.backend();
      if (!backend.queue) return;
      if (backend.commandEncoder) {
        backend.endComputePassEncoder(); // without it the command buffer is invalid, and so is all that follows
        backend.submitQueue();
      }
      await backend.queue.onSubmittedWorkDone();
    },
    /** May ops on few numbers be done on the CPU? They are by default. */
    leaveSmall: (allowed) => void (name === "webgpu" && tf.env().set("WEBGPU_CPU_FORWARD", allowed)),
    /** The numbers of a tensor, which is freed. */
    async take(tensor) {
      const data = await tensor.data();
      tensor.dispose();
      return data;
    },
  };
  return { version: tf.version.tfjs, adapter, prepare: (work) => kinds[work.kind](runtime, work) };
}
