/** The whole job of feature extraction as a TensorFlow.js program: pictures, frozen network, features, linear head. */
import { trainHead } from "./head.js";
import { loadNetwork } from "./network.js";
import { pictureBatches } from "./pictures.js";

export async function prepareJob(runtime, work) {
  const { tf, settle, take, leaveSmall } = runtime;
  const { output, preprocess, train, val, extractBatch } = work;
  const network = loadNetwork(tf, work.network, false);
  const forward = (image) => tf.tidy(() => network.apply([["image", image]]).get(output));
  const extract = async (samples) => {
    const rows = [];
    let before = Promise.resolve();
    for await (const image of pictureBatches(tf, samples, preprocess, extractBatch)) {
      rows.push(forward(image));
      image.dispose();
      const working = settle(); // submits; one batch is in work while the next is prepared
      await before;
      before = working;
    }
    await before;
    const features = tf.concat(rows);
    tf.dispose(rows);
    return { features, labels: Int32Array.from(samples, ({ label }) => label) };
  };
  return {
    sets: 1,
    async outputs() {
      leaveSmall(true);
      for await (const image of pictureBatches(tf, train.slice(0, extractBatch), preprocess, extractBatch)) {
        const features = await take(forward(image));
        return new Map([
          ["image", await take(image)],
          ["features", features],
        ]);
      }
      throw new Error("expected training pictures, found none");
    },
    async enqueue() {
      leaveSmall(true);
      const start = performance.now();
      const splits = { train: await extract(train), val: await extract(val) };
      await settle();
      const featuresMs = performance.now() - start;
      const accuracy = await trainHead(runtime, { ...work, ...splits });
      tf.dispose([splits.train.features, splits.val.features]);
      return { featuresMs, headMs: performance.now() - start - featuresMs, accuracy };
    },
    settle,
    dispose: () => network.dispose(),
  };
}
