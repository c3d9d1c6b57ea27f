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
  const step = async () => {
    const [found] = await take(tf.tidy(() => optimizer.minimize(loss, true, trained)));
    return found;
  };
  return {
    sets: 1,
    async outputs() {
      leaveSmall(true);
      const { value, grads } = tf.variableGrads(loss, trained);
      const outputs = new Map([["loss", await take(value)]]);
      for (const [path, variable] of tail.variables) outputs.set(`gradient ${path}`, await take(grads[variable.name]));
      outputs.set("losses", Float32Array.of(await step(), await step()));
      return outputs;
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
