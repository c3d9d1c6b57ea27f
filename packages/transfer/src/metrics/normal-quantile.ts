/**
 * The value below which a share p of the standard normal distribution lies.
 *
 *   Phi(x) = 1/2 + phi(x) (x + x^3 / 3 + x^5 / (3 5) + ...)
 *
 * Method   Newton's from 0 on the upper half, where Phi is concave, so that no step goes too far
 * Source   the series is Marsaglia 2004
 */
import { check } from "@tlx/kernels";

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Phi(x) for x >= 0. */
function normalShare(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + density(x) * sum;
}

/** Throws E_USAGE for a share that is not above 0 and below 1. */
export function normalQuantile(share: number): number {
  check(
    share > 0 && share < 1,
    "E_USAGE",
    () => `normal quantile: expected a share above 0 and below 1, found ${share}`,
  );
  if (share < 0.5) return -normalQuantile(1 - share);
  let x = 0;
  for (;;) {
    const step = (share - normalShare(x)) / density(x);
    // Rounding may turn a last step around.
    if (!(step > 1e-15 * x)) return x;
    x += step;
  }
}
