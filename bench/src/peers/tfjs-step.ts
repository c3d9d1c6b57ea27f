/** A training step as a TensorFlow.js program: its automatic differentiation and its Adam, on the same network and batch. */
import type { Scalar } from "@tensorflow/tfjs";
import type { HostTensor, Value } from "@tlx/kernels";
import { fuseEpilogue } from "@tlx/nn";
import type { StepContestant, StepSetup } from "../step-setup.js";
import type { Tensor, Tf, TfjsRuntime, Variable } from "./open-tfjs.js";
import { tensorOf, tfjsForward } from "./tfjs-forward.js";
import { applyNode } from "./tfjs-node.js";

interface TfjsTail {
  /** What learns, by path. */
  readonly variables: ReadonlyMap<string, Variable>;
  logits(input: Tensor): Tensor;
  dispose(): void;
}

function loadTail(tf: Tf, { tail, trainable }: StepSetup): TfjsTail {
  const { graph, weights } = fuseEpilogue(tail);
  const held = new Map<Value, Tensor>();
  const variables = new Map<string, Variable>();
  for (const [path, value] of [...graph.params, ...graph.states]) {
    const tensor = tensorOf(tf, weights.get(path) as HostTensor);
    const learns = trainable.has(path);
    if (!learns && graph.params.has(path)) {
      held.set(value, tensor);
      continue;
    }
    const variable = tf.variable(tensor, learns);
    tensor.dispose();
    held.set(value, variable);
    if (learns) variables.set(path, variable);
  }
  return {
    variables,
    logits(input) {
      const values = new Map(held);
      values.set([...graph.inputs.values()][0] as Value, input);
      for (const node of graph.nodes) {
        const given = node.inputs.map((v) => values.get(v) as Tensor);
        values.set(node.outputs[0] as Value, applyNode(tf, node, given, true));
      }
      return values.get(graph.outputs.get("logits") as Value) as Tensor;
    },
    dispose: () => tf.dispose([...held.values()]),
  };
}

export function tfjsStep({ tf, settle, take }: TfjsRuntime, setup: StepSetup): StepContestant {
  const { prefix, input, labels, classes, learningRate } = setup;
  const fed = tensorOf(tf, input);
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(labels), "int32"), classes).toFloat());
  const tail = loadTail(tf, setup);
  const base = prefix && tfjsForward(tf, prefix, setup.cut);
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const trained = [...tail.variables.values()];
  const loss = (): Scalar => tf.losses.softmaxCrossEntropy(targets, tail.logits(base ? base(fed) : fed));
  return {
    async check() {
      const { value, grads } = tf.variableGrads(loss, trained);
      const gradients = new Map<string, Float32Array>();
      for (const [path, { name }] of tail.variables) gradients.set(path, await take(grads[name] as Tensor));
      return { loss: (await take(value))[0] as number, gradients };
    },
    async step() {
      const value = tf.tidy(() => optimizer.minimize(loss, true, trained) as Tensor);
      return (await take(value))[0] as number;
    },
    async run() {
      tf.tidy(() => void optimizer.minimize(loss, false, trained));
      await settle();
    },
    dispose() {
      optimizer.dispose();
      tail.dispose();
      tf.dispose([fed, targets]);
    },
  };
}
