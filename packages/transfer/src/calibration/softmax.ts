/** Probabilities of a row of logits, in double: exp(z / T) over its sum, with the largest taken out first. */
export function softmaxOf(logits: ArrayLike<number>, temperature = 1): Float64Array {
  const scaled = Float64Array.from(logits, (z) => z / temperature);
  const top = scaled.reduce((a, b) => Math.max(a, b));
  const powers = scaled.map((z) => Math.exp(z - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
}
