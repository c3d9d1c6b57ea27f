/** Accuracy of a saved model on a folder of pictures. */
import { type Gpu, TlxError } from "@tlx/kernels";
import type { Sample } from "../data/dataset.js";
import type { Decoded } from "../data/picture.js";
import { accuracyOf, type ConfusionMatrix, confusionMatrix } from "../metrics/confusion-matrix.js";
import { Predictor, type PredictorOptions } from "../predict.js";
import { type LabelledSamples, matchClasses } from "./match-classes.js";
import type { LoadedRun } from "./model-file.js";
import type { Predictions } from "./tables.js";

export interface EvaluateOptions extends Pick<PredictorOptions, "choices"> {
  /** Pictures per pass. Default 8. */
  readonly batch?: number;
  /** Ends the evaluation with its reason. */
  readonly signal?: AbortSignal;
  /** Called after every picture. */
  readonly progress?: (done: number, total: number) => void;
}

/** Labels count in the classes of the model. */
export interface RunEvaluation extends Predictions {
  /** Share of the readable pictures named right. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats; a probability counts as at least 2^-126. */
  readonly loss: number;
  readonly matrix: ConfusionMatrix;
  /** Pictures that could not be read. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

const LEAST_PROBABILITY = 2 ** -126;

/**
 * Names every picture and compares with its label.
 * Throws E_DATA for a class that the model does not know and when no picture can be read.
 */
export async function evaluateRun(
  gpu: Gpu,
  { description, network }: LoadedRun,
  data: LabelledSamples,
  pictures: (samples: readonly Sample[]) => AsyncIterable<Decoded<Sample>>,
  { batch = 8, signal, progress, choices }: EvaluateOptions = {},
): Promise<RunEvaluation> {
  const { classes, preprocess } = description;
  const given = matchClasses(data, classes, "evaluate");
  const samples: Sample[] = [];
  const predicted: number[] = [];
  const confidence: number[] = [];
  const skipped: { file: string; reason: string }[] = [];
  let loss = 0;
  const predictor = await Predictor.create(gpu, network, { preprocess, labels: classes, batch, choices });
  try {
    for await (const result of predictor.run(pictures(given))) {
      signal?.throwIfAborted();
      if ("error" in result) {
        skipped.push({ file: result.item.file, reason: result.error.message });
      } else {
        const [top] = predictor.top(result.row, 1);
        samples.push(result.item);
        predicted.push(top!.index);
        confidence.push(top!.probability);
        loss -= Math.log(Math.max(result.row[result.item.label]!, LEAST_PROBABILITY));
      }
      progress?.(samples.length + skipped.length, given.length);
    }
  } finally {
    predictor.dispose();
  }
  if (samples.length === 0) {
    throw new TlxError("E_DATA", `evaluate: expected readable pictures, found none of ${given.length}; give others`);
  }
  const matrix = confusionMatrix(
    samples.map((s) => s.label),
    predicted,
    classes.length,
  );
  const accuracy = accuracyOf(matrix) as number;
  return { accuracy, loss: loss / samples.length, matrix, samples, predicted, confidence, skipped };
}
