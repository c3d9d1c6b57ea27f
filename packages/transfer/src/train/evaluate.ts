import type { Program } from "@tlx/nn";
import { batchesOf } from "./batches.js";
import type { FeatureTable } from "./feature-table.js";

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

/** Runs `program`, with input `frontier` [batch, C] and output "logits" [batch, classes], over the whole table. */
export async function evaluate(
  program: Program,
  frontier: string,
  table: FeatureTable,
  batch: number,
): Promise<Evaluation> {
  const samples = table.labels.length;
  const order = Array.from({ length: samples }, (_, i) => i);
  const predicted = new Uint32Array(samples);
  const confidence = new Float32Array(samples);
  let loss = 0;
  let correct = 0;
  let sample = 0;
  for await (const part of batchesOf(table, order, batch)) {
    program.write(frontier, part.features);
    program.run();
    const { data, spec } = await program.read("logits");
    const classes = spec.shape[1] as number;
    for (let i = 0; i < part.count; i++, sample++) {
      const row = (data as Float32Array).subarray(i * classes, (i + 1) * classes);
      const top = argmax(row);
      predicted[sample] = top;
      confidence[sample] = Math.exp(-crossEntropy(row, top));
      loss += crossEntropy(row, part.labels[i] as number);
      if (predicted[sample] === part.labels[i]) correct++;
    }
  }
  return { accuracy: correct / samples, loss: loss / samples, predicted, confidence };
}
