/** TensorFlow.js with its WebGPU backend in a worker of the bench page, on the page's own adapter. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { serveInWorker } from "./serve-in-worker.js";
import { prepareWith } from "./tfjs/runtime.js";

const describe = ({ vendor, architecture, device, description }) => ({ vendor, architecture, device, description });

serveInWorker(async (wanted) => {
  const prepare = await prepareWith(tf, "webgpu");
  const adapter = describe(tf.backend().device.adapterInfo);
  if (JSON.stringify(adapter) !== JSON.stringify(wanted)) {
    throw new Error(`tfjs: expected the adapter ${JSON.stringify(wanted)}, opened ${JSON.stringify(adapter)}`);
  }
  return { version: tf.version.tfjs, adapter, prepare };
});
