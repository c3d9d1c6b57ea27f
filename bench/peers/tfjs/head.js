/**
 * A linear head on features [N, C] that lie on the device, trained by Adam from zeros, where tlx starts too. Gives the val accuracy of
 * the best epoch; both splits are evaluated after every epoch, each in one pass.
 */
export async function trainHead({ tf, take }, { train, val, classes, epochs, batch, learningRate }) {
  const w = tf.variable(tf.zeros([train.features.shape[1], classes]));
  const b = tf.variable(tf.zeros([classes]));
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(train.labels, "int32"), classes).toFloat());
  const optimizer = tf.train.adam(learningRate);
  const logits = (x) => tf.add(tf.matMul(x, w), b);
  const accuracyOn = async ({ features, labels }) => {
    const predicted = await take(tf.tidy(() => tf.argMax(logits(features), 1)));
    return labels.reduce((right, label, i) => right + (predicted[i] === label ? 1 : 0), 0) / labels.length;
  };
  const samples = train.labels.length;
  let best = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new Int32Array(tf.util.createShuffledIndices(samples));
    const losses = [];
    for (let from = 0; from < samples; from += batch) {
      losses.push(
        tf.tidy(() => {
          const part = tf.tensor1d(order.slice(from, from + batch), "int32");
          const [x, y] = [tf.gather(train.features, part), tf.gather(targets, part)];
          return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, logits(x)), true);
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
