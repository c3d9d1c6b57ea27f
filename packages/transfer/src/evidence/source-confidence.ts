/**
 * How much at home a network's own classifier is on pictures: where they are like those it learnt from, it is sure of its answers.
 *
 *   confidence   mean over rows of the largest probability
 *   entropy      mean over rows of -sum p log p, divided by the logarithm of the number of classes: 0 sure, 1 clueless
 *
 * Shapes   logits rows x width -> two numbers from 0 to 1
 * Source   Hendrycks and Gimpel 2017 (the largest probability tells pictures from elsewhere)
 */
export interface SourceConfidence {
  readonly confidence: number;
  readonly entropy: number;
}

export function measureConfidence(logits: Float32Array | Float64Array, width: number): SourceConfidence {
  const rows = logits.length / width;
  let [confidence, entropy] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const own = Float64Array.from(logits.subarray(row * width, (row + 1) * width));
    const largest = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let [total, weighted] = [0, 0];
    for (const value of own) {
      const power = Math.exp(value - largest);
      total += power;
      weighted += power * (value - largest);
    }
    confidence += 1 / total / rows;
    entropy += (Math.log(total) - weighted / total) / rows;
  }
  return { confidence, entropy: entropy / Math.log(width) };
}
