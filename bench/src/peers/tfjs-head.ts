/** A linear head on features that lie on the GPU, trained by TensorFlow.js's Adam. Its weights start at zeros, as tlx's do. */
import type { TrainSettings } from "@tlx/transfer";
import type { Tensor, TfjsRuntime } from "./open-tfjs.js";

/** Features [N, C] of a split, and the classes. */
export interface TfjsSplit {
  readonly features: Tensor;
  readonly labels: Int32Array;
}

export interface TfjsHeadInput {
  readonly train: TfjsSplit;
  readonly val: TfjsSplit;
  readonly classes: number;
  readonly settings: Pick<TrainSettings, "epochs" | "batch" | "learningRate">;
}

/** Val accuracy of the best epoch; both splits are evaluated after every epoch, each in one pass. */
export async function trainTfjsHead({ tf, take }: TfjsRuntime, input: TfjsHeadInput): Promise<number> {
  const { train, val, classes, settings } = input;
  const { epochs, batch, learningRate } = settings;
  const width = train.features.shape[1] as number;
  const w = tf.variable(tf.zeros([width, classes]));
  const b = tf.variable(tf.zeros([classes]));
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(train.labels, "int32"), classes).toFloat());
  const optimizer = tf.train.adam(learningRate);
  const logits = (x: Tensor): Tensor => tf.add(tf.matMul(x, w), b);
  const accuracyOn = async ({ features, labels }: TfjsSplit): Promise<number> => {
    const predicted = await take(tf.tidy(() => tf.argMax(logits(features), 1)));
    return labels.reduce((right, label, i) => right + (predicted[i] === label ? 1 : 0), 0) / labels.length;
  };
  const samples = train.labels.length;
  let best = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new Int32Array(tf.util.createShuffledIndices(samples));
    const losses: Tensor[] = [];
    for (let from = 0; from < samples; from += batch) {
      losses.push(
        tf.tidy(() => {
          const part = tf.tensor1d(order.slice(from, from + batch), "int32");
          const [x, y] = [tf.gather(train.features, part), tf.gather(targets, part)];
          return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, logits(x)), true) as Tensor;
        }),
      );
    }
    await take(tf.tidy(() => tf.mean(tf.stack(losses))));
    tf.dispose(losses);
    await accuracyOn(train);
    best = Math.max(best, await accuracyOn(val));
  }
  optimizer.dispose();
  tf.dispose([w, b, targets]);
  return best;
}
