/** How figures are worded in all parts of a report. */
import type { Interval } from "@tlx/transfer";
import { formatPercent } from "../../charts/axes.js";

export const share = (value: number | undefined): string => formatPercent(value);

/** "88.1 to 95.0 %" */
export const range = (interval: Interval | undefined): string =>
  interval ? `${(100 * interval.low).toFixed(1)} to ${formatPercent(interval.high)}` : "–";

/** "7.2 points" */
export const points = (difference: number): string => {
  const shown = (100 * difference).toFixed(1);
  return `${shown.replace("-", "−")} ${shown === "1.0" ? "point" : "points"}`;
};

export const count = (value: number): string => value.toLocaleString("en-US");

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
