import type { Program } from "@tlx/nn";
import { cut, type Feed } from "./feed.js";

/** How well a classifier does on a set of samples. */
export interface Evaluation {
  /** Share of samples whose largest logit is that of their class. */
  readonly accuracy: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Predicted class per sample, in their order. */
  readonly predicted: Uint32Array;
  /** Probability of that class. */
  readonly confidence: Float32Array;
}

/** Index of the largest element, the first of equal ones. */
function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
}

/** Cross-entropy of one sample in double: log(sum exp(z)) - z[label], with the largest logit taken out first. */
function crossEntropy(logits: ArrayLike<number>, label: number): number {
  const top = logits[argmax(logits)] as number;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - top);
  return top + Math.log(sum) - (logits[label] as number);
}

/** Runs `program`, a tail of `batch` samples with output "logits" [batch, classes], over all samples of `feed`. */
export async function evaluate(program: Program, feed: Feed, batch: number): Promise<Evaluation> {
  const { labels } = feed.table;
  const samples = labels.length;
  const predicted = new Uint32Array(samples);
  const confidence = new Float32Array(samples);
  let loss = 0;
  let correct = 0;
  const parts = cut([...labels.keys()], batch).map((part) => ({ samples: part }));
  for await (const { part, load } of feed.batches(parts, 1)) {
    await load(program);
    program.run();
    const { data, spec } = await program.read("logits");
    const classes = spec.shape[1] as number;
    for (const [i, sample] of part.samples.entries()) {
      const row = (data as Float32Array).subarray(i * classes, (i + 1) * classes);
      const top = argmax(row);
      predicted[sample] = top;
      confidence[sample] = Math.exp(-crossEntropy(row, top));
      loss += crossEntropy(row, labels[sample] as number);
      if (top === labels[sample]) correct++;
    }
  }
  return { accuracy: correct / samples, loss: loss / samples, predicted, confidence };
}
