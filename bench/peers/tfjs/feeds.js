/** Inputs that TensorFlow.js wants in another form: made once, when the work is prepared. */
export const feeds = {
  /** Labels as rows with a one. */
  softmaxCrossEntropy(tf, [logits, labels, weights], [{ shape }]) {
    const targets = tf.tidy(() => tf.oneHot(labels, shape[1]).toFloat());
    labels.dispose();
    return [logits, targets, weights];
  },
};
