/** One op on several sets of inputs. */
import { cannot } from "../cannot.js";
import { feeds } from "./feeds.js";
import { ops } from "./ops.js";
import { tensorOf } from "./tensors.js";

export async function prepareKernel({ tf, settle, take, leaveSmall }, work) {
  const { params, inputs: specs, outputs: results } = work;
  const op = ops[work.op] ?? cannot(`TensorFlow.js has no counterpart of ${work.op}`);
  const sets = work.inputSets.map((set) => {
    const tensors = set.map((data, i) => tensorOf(tf, specs[i], data));
    return feeds[work.op]?.(tf, tensors, specs) ?? tensors;
  });
  const apply = (set) => {
    leaveSmall(false); // small problems too are work for the device
    return tf.tidy(() => [op(tf, sets[set], params, { specs, results, training: false })].flat());
  };
  return {
    sets: sets.length,
    async outputs() {
      const found = apply(0);
      await settle();
      const outputs = new Map();
      for (const [i, tensor] of found.entries()) {
        if (!tensor) continue;
        const size = results[i].shape.reduce((a, b) => a * b, 1);
        if (tensor.size !== size) cannot(`output ${i} has shape [${tensor.shape}], not [${results[i].shape}]`);
        outputs.set(String(i), await take(tensor));
      }
      return outputs;
    },
    enqueue: (set) => tf.dispose(apply(set).filter(Boolean)),
    settle,
    dispose: () => tf.dispose(sets),
  };
}
