import { check } from "@tlx/kernels";
import { type Interval, wilsonInterval } from "./wilson-interval.js";

/** How often the right class is among the `k` most probable ones. */
export interface TopK {
  readonly k: number;
  readonly accuracy: number;
  readonly interval: Interval;
}

/**
 * `rows` hold a probability (or logit) of every class per sample; of equal ones the first class comes first, as in predictions.
 * Undefined without samples. Throws E_USAGE when there is no row for a label, or no such class in it.
 */
export function topK(
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  k: number,
  level?: number,
): TopK | undefined {
  check(
    rows.length === labels.length,
    "E_USAGE",
    () => `top ${k}: expected a row per label, found ${rows.length} for ${labels.length} labels`,
  );
  let hits = 0;
  for (const [i, row] of rows.entries()) {
    const label = labels[i]!;
    const own = row[label];
    check(own !== undefined, "E_USAGE", () => `top ${k}: expected labels from 0 to ${row.length - 1}, found ${label}`);
    let before = 0;
    for (let c = 0; c < row.length; c++) if (row[c]! > own! || (row[c] === own && c < label)) before++;
    if (before < k) hits++;
  }
  const interval = wilsonInterval(hits, rows.length, level);
  return interval && { k, accuracy: hits / rows.length, interval };
}
