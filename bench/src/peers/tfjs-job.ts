/** The whole job of feature extraction as a TensorFlow.js program: pictures, frozen network, features, linear head. */
import { TlxError } from "@tlx/kernels";
import { type Network, optimizeForInference } from "@tlx/nn";
import type { Dataset, PreprocessSpec, Sample, TrainSettings } from "@tlx/transfer";
import type { Tensor, TfjsRuntime } from "./open-tfjs.js";
import { tfjsForward } from "./tfjs-forward.js";
import { type TfjsSplit, trainTfjsHead } from "./tfjs-head.js";
import { tfjsPictures } from "./tfjs-pictures.js";

export interface TfjsJobInput {
  readonly runtime: TfjsRuntime;
  /** Input "image", output `output` [N, C]. */
  readonly base: Network;
  readonly output: string;
  readonly preprocess: PreprocessSpec;
  readonly data: Dataset;
  readonly settings: TrainSettings;
}

export interface TfjsJob {
  /** The first batch of the training pictures as the job prepares it, and its features. */
  firstBatch(): Promise<{ readonly image: Float32Array; readonly features: Float32Array }>;
  run(): Promise<{ readonly featuresMs: number; readonly headMs: number; readonly accuracy: number }>;
}

export function tfjsJob({ runtime, base, output, preprocess, data, settings }: TfjsJobInput): TfjsJob {
  const { tf, settle, take } = runtime;
  const forward = tfjsForward(tf, optimizeForInference(base), output);
  const batch = settings.extractBatch;
  const extract = async (samples: readonly Sample[]): Promise<TfjsSplit> => {
    const rows: Tensor[] = [];
    let before = Promise.resolve();
    for await (const image of tfjsPictures(tf, samples, preprocess, batch)) {
      rows.push(tf.tidy(() => forward(image)));
      image.dispose();
      const working = settle(); // submits; one batch is in work while the next is prepared
      await before;
      before = working;
    }
    await before;
    const features = tf.concat(rows);
    tf.dispose(rows);
    return { features, labels: Int32Array.from(samples, (s) => s.label) };
  };
  return {
    async firstBatch() {
      for await (const image of tfjsPictures(tf, data.train.slice(0, batch), preprocess, batch)) {
        const features = await take(tf.tidy(() => forward(image)));
        return { image: await take(image), features };
      }
      throw new TlxError("E_DATA", "tfjs: expected training pictures, found none; add some");
    },
    async run() {
      const start = performance.now();
      const train = await extract(data.train);
      const val = await extract(data.val);
      await settle();
      const featuresMs = performance.now() - start;
      const accuracy = await trainTfjsHead(runtime, { train, val, classes: data.classes.length, settings });
      tf.dispose([train.features, val.features]);
      return { featuresMs, headMs: performance.now() - start - featuresMs, accuracy };
    },
  };
}
