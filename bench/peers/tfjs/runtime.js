/** What works are prepared with, of an opened backend, and how. */
import { prepareForward } from "./forward.js";
import { prepareKernel } from "./kernel.js";
import { prepareStep } from "./step.js";

const kinds = { kernel: prepareKernel, forward: prepareForward, step: prepareStep };

/** `more` kinds of work may be prepared besides. */
export async function prepareWith(tf, name, more = {}) {
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`tfjs: the ${name} backend did not start`);
  if (name === "webgpu" && !tf.backend().device) throw new Error("tfjs: its backend opened no WebGPU device");
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
  const prepares = { ...kinds, ...more };
  return (work) => {
    const prepare = prepares[work.kind];
    if (!prepare) throw new Error(`it does no ${work.kind} here`);
    return prepare(runtime, work);
  };
}
