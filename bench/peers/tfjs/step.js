/** A training step as a TensorFlow.js program: its automatic differentiation and its Adam, on the same network and batch. */
import { loadNetwork } from "./network.js";
import { tensorOf } from "./tensors.js";

export async function prepareStep({ tf, settle, take, leaveSmall }, work) {
  const { cut, trainable, labels, classes, learningRate } = work;
  const learning = new Set(trainable);
  const tail = loadNetwork(tf, work.tail, true, (path) => learning.has(path));
  const prefix = work.prefix && loadNetwork(tf, work.prefix, false);
  const [[name, spec]] = (prefix ?? tail).inputs;
  const fed = tensorOf(tf, spec, work.input);
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(labels), "int32"), classes).toFloat());
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const trained = [...tail.variables.values()];
  const loss = () => {
    const crossing = prefix ? prefix.apply([[name, fed]]).get(cut) : fed;
    const given = prefix ? [...tail.inputs.keys()][0] : name;
    return tf.losses.softmaxCrossEntropy(targets, tail.apply([[given, crossing]]).get("logits"));
  };
  const note = async (outputs, n, { value, grads }) => {
    outputs.set(`loss ${n}`, await take(value));
    for (const [path, variable] of tail.variables) {
      outputs.set(`gradient ${n} ${path}`, await take(grads[variable.name]));
      outputs.set(`updated ${n} ${path}`, await variable.data());
    }
  };
  return {
    sets: 1,
    async outputs() {
      leaveSmall(true);
      const outputs = new Map();
      const first = tf.variableGrads(loss, trained);
      optimizer.applyGradients(first.grads);
      await note(outputs, 1, first);
      // The second update is made by the call that is timed, which keeps its gradients to itself.
      const second = tf.variableGrads(loss, trained);
      tf.tidy(() => void optimizer.minimize(loss, false, trained));
      await note(outputs, 2, second);
      return outputs;
    },
    /** The loss by now. */
    async read() {
      return new Map([["loss", await take(tf.tidy(loss))]]);
    },
    enqueue() {
      leaveSmall(true);
      tf.tidy(() => void optimizer.minimize(loss, false, trained));
    },
    settle,
    dispose() {
      optimizer.dispose();
      tail.dispose();
      prefix?.dispose();
      tf.dispose([fed, targets]);
    },
  };
}
