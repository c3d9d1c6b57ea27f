/**
 * 95 % confidence interval of a mean, by Student's t with n - 1 degrees of freedom: mean +- t s / sqrt(n).
 *
 * Quantile   with t = sqrt(d) tan a, P(|T| < t) is the share of the integral of cos^(d - 1) up to a in that up to pi / 2
 */
import { TlxError } from "@tlx/kernels";

/** A mean and how far it can be trusted. */
export interface MeanInterval {
  readonly mean: number;
  /** Half the width of the interval. */
  readonly margin: number;
}

/** The t that |T| stays below with probability `share`, for `freedom` degrees of freedom; right to three digits. */
export function studentQuantile(freedom: number, share = 0.95): number {
  const cells = 100_000;
  const angle = (i: number): number => ((i + 0.5) / cells) * (Math.PI / 2);
  const densities = Float64Array.from({ length: cells }, (_, i) => Math.cos(angle(i)) ** (freedom - 1));
  let left = share * densities.reduce((a, b) => a + b, 0);
  const reached = densities.findIndex((density) => {
    left -= density;
    return left <= 0;
  });
  return Math.sqrt(freedom) * Math.tan(angle(reached));
}

const quantiles = new Map<number, number>();

function quantileOf(freedom: number): number {
  const known = quantiles.get(freedom) ?? studentQuantile(freedom);
  quantiles.set(freedom, known);
  return known;
}

/** Standard deviation of the population that two or more `values` were drawn from. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
}

export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Throws E_USAGE for fewer than two values, which have no spread. */
export function confidenceInterval(values: readonly number[]): MeanInterval {
  const n = values.length;
  if (n < 2) throw new TlxError("E_USAGE", `interval: expected two or more values, found ${n}; give more seeds`);
  return { mean: meanOf(values), margin: (quantileOf(n - 1) * deviationOf(values)) / Math.sqrt(n) };
}
