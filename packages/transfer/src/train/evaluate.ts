import type { HostTensor } from "@tlx/kernels";
import type { Program } from "@tlx/nn";
import { cut, type Feed, type Part } from "./feed.js";

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

/** Batches under way at a time. */
const AHEAD = 2;

/**
 * Runs `program`, a tail of `batch` samples with output "logits" [batch, classes], over all samples of `feed`. A batch is read while
 * the next one runs.
 */
export async function evaluate(program: Program, feed: Feed, batch: number): Promise<Evaluation> {
  const { labels } = feed.table;
  const samples = labels.length;
  const predicted = new Uint32Array(samples);
  const confidence = new Float32Array(samples);
  let loss = 0;
  let correct = 0;
  const score = ({ samples: part }: Part, { data, spec }: HostTensor): void => {
    const classes = spec.shape[1] as number;
    for (const [i, sample] of part.entries()) {
      const row = (data as Float32Array).subarray(i * classes, (i + 1) * classes);
      const top = argmax(row);
      predicted[sample] = top;
      confidence[sample] = Math.exp(-crossEntropy(row, top));
      loss += crossEntropy(row, labels[sample] as number);
      if (top === labels[sample]) correct++;
    }
  };
  const running: { readonly part: Part; readonly logits: Promise<HostTensor> }[] = [];
  const finish = async (): Promise<void> => {
    const { part, logits } = running.shift()!;
    score(part, await logits);
  };
  const parts = cut([...labels.keys()], batch).map((part) => ({ samples: part }));
  for await (const { part, load } of feed.batches(parts, 1)) {
    await load(program);
    program.run();
    const logits = program.read("logits");
    logits.catch(() => {}); // thrown when its turn comes, which may be never
    running.push({ part, logits });
    if (running.length === AHEAD) await finish();
  }
  while (running.length > 0) await finish();
  return { accuracy: correct / samples, loss: loss / samples, predicted, confidence };
}
