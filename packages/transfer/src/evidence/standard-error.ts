/**
 * Standard errors of measured shares.
 *
 *   of folds    sqrt((1/k + test/train) variance of the folds); folds share training rows, so that 1/k alone would be too small
 *   of a share  sqrt(q (1 - q) / (n + 4)), q the share after two successes and two failures more, which keep it off zero at the ends
 *
 * Source   Nadeau and Bengio 2003, section 3; Agresti and Coull 1998
 */

/** Standard error of the mean of `values`, one of each fold; `ratio` is the rows of a fold over those it was trained on. */
export function correctedError(values: readonly number[], ratio: number): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return Math.sqrt((1 / values.length + ratio) * variance);
}

/** Standard error of a share of `count` trials. */
export function errorOfShare(share: number, count: number): number {
  const kept = (share * count + 2) / (count + 4);
  return Math.sqrt((kept * (1 - kept)) / (count + 4));
}
