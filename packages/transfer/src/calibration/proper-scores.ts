/**
 * Scores that only honest probabilities make small.
 *
 *   Brier score   mean over pictures of the sum over classes of (probability - 1 if it is the class)^2, from 0 to 2
 *   log loss      mean of -log(probability of the class), in nats
 *
 * Source   Brier 1950; Good 1952
 */

/** `rows` hold a probability of every class per picture. */
export function brierScore(rows: readonly ArrayLike<number>[], labels: ArrayLike<number>): number {
  const sum = rows.reduce((total, row, i) => {
    const squares = Array.from(row, (p, c) => (p - (c === labels[i] ? 1 : 0)) ** 2);
    return total + squares.reduce((a, b) => a + b);
  }, 0);
  return sum / rows.length;
}

/** Smaller probabilities count as this: a float32 that was rounded to 0 is not impossible. */
const LEAST_PROBABILITY = 1e-38;

/** `rows` hold a probability of every class per picture. */
export const logLoss = (rows: readonly ArrayLike<number>[], labels: ArrayLike<number>): number =>
  -rows.reduce((sum, row, i) => sum + Math.log(Math.max(row[labels[i]!]!, LEAST_PROBABILITY)), 0) / rows.length;
