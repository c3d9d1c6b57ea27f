/**
 * TensorFlow.js in Node, with its WebGPU backend on Dawn or its WebAssembly one (SIMD, one thread: its threads need a browser).
 * It is imported whole: `tfjs-core` alone registers no gradients in Node.
 */
import * as tf from "@tensorflow/tfjs";
import { provideGpu } from "../gpu.js";
import { prepareJob } from "./job.js";
import { prepareWith } from "./runtime.js";

export async function openTfjs(name, wanted) {
  const adapter = wanted && (await provideGpu(wanted));
  await import(`@tensorflow/tfjs-backend-${name}`);
  return { version: tf.version.tfjs, adapter, prepare: await prepareWith(tf, name, { job: prepareJob }) };
}
