/** A portable network with its weights on the device. */
import { cannot } from "../cannot.js";
import { ops } from "./ops.js";
import { tensorOf } from "./tensors.js";

/** The weights that learn are variables, by path, and so are running statistics; call `dispose` when done. */
export function loadNetwork(tf, { specs, inputs, weights, nodes, outputs }, training, learns = () => false) {
  const held = new Map();
  const variables = new Map();
  const unknown = nodes.find(({ op }) => !ops[op]);
  if (unknown) cannot(`TensorFlow.js has no counterpart of ${unknown.op} at "${unknown.path}"`);
  const running = new Set(
    nodes.flatMap(({ op, inputs: read }) => (op === "batchNormTraining" ? read.slice(3, 5) : [])),
  );
  for (const [path, { value, data }] of weights) {
    const tensor = tensorOf(tf, specs.get(value), data);
    if (!learns(path) && !running.has(value)) {
      held.set(value, tensor);
      continue;
    }
    const variable = tf.variable(tensor, learns(path));
    tensor.dispose();
    held.set(value, variable);
    if (learns(path)) variables.set(path, variable);
  }
  return {
    variables,
    inputs: new Map([...inputs].map(([name, value]) => [name, specs.get(value)])),
    /** Results by name, of tensors by the names of the inputs. Call it inside `tf.tidy`. */
    apply(given) {
      const values = new Map(held);
      for (const [name, tensor] of given) values.set(inputs.get(name), tensor);
      for (const { op, params, inputs: read, outputs: made } of nodes) {
        const results = made.map((v) => specs.get(v));
        const about = { specs: read.map((v) => specs.get(v)), results, training };
        const found = [
          ops[op](
            tf,
            read.map((v) => values.get(v)),
            params,
            about,
          ),
        ].flat();
        for (const [i, value] of made.entries()) values.set(value, found[i]);
      }
      return new Map([...outputs].map(([name, value]) => [name, values.get(value)]));
    },
    dispose: () => tf.dispose([...held.values()]),
  };
}
