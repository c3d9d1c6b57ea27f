/**
 * Elementary functions from additions, multiplications and divisions, which round alike in every JavaScript engine; the
 * results of `Math.exp` and its kind may differ between engines, and with them a random decision.
 *
 * Method   power series by Horner's rule, long enough for arguments up to about 2 (exp, cos, sin) and 1/4 to 4 (log)
 */

const TERMS = 30;

export function exactExp(x: number): number {
  let sum = 1;
  for (let n = TERMS; n > 0; n--) sum = 1 + (x / n) * sum;
  return sum;
}

/** Cosine and sine of an angle in radians. */
export function exactCosSin(x: number): { readonly cos: number; readonly sin: number } {
  let cos = 1;
  let sin = 1;
  for (let n = TERMS; n > 0; n -= 2) {
    cos = 1 - ((x * x) / (n * (n - 1))) * cos;
    sin = 1 - ((x * x) / (n * (n + 1))) * sin;
  }
  return { cos, sin: x * sin };
}

/** log x = 2 artanh((x - 1) / (x + 1)) */
export function exactLog(x: number): number {
  const y = (x - 1) / (x + 1);
  let sum = 0;
  for (let n = 2 * TERMS + 1; n > 0; n -= 2) sum = 1 / n + y * y * sum;
  return 2 * y * sum;
}

/** The whole number nearest to the square root of `x`, at least 0. */
export function roundedRoot(x: number): number {
  let root = Math.round(Math.sqrt(x));
  while (root > 0 && root * (root - 1) + 0.25 > x) root--;
  while (root * (root + 1) + 0.25 <= x) root++;
  return root;
}
