/** A network on several sets of inputs. */
import { loadNetwork } from "./network.js";
import { tensorOf } from "./tensors.js";

export async function prepareForward({ tf, settle, take, leaveSmall }, { network, inputSets }) {
  const loaded = loadNetwork(tf, network, false);
  const sets = inputSets.map(
    (set) => new Map([...set].map(([name, data]) => [name, tensorOf(tf, loaded.inputs.get(name), data)])),
  );
  const run = (set) => {
    leaveSmall(true);
    return tf.tidy(() => Object.fromEntries(loaded.apply(sets[set])));
  };
  return {
    sets: sets.length,
    async outputs() {
      const found = Object.entries(run(0));
      await settle();
      const outputs = new Map();
      for (const [name, tensor] of found) outputs.set(name, await take(tensor));
      return outputs;
    },
    enqueue: (set) => tf.dispose(run(set)),
    settle,
    dispose() {
      loaded.dispose();
      for (const set of sets) tf.dispose([...set.values()]);
    },
  };
}
