/** Figures of results as text for people, and their order. */
import type { Result } from "./result.js";

export const showMs = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(2) : ms.toPrecision(3));
export const percent = (share: number | undefined): string =>
  share === undefined ? "" : `${(100 * share).toFixed(0)} %`;
export const digits = (value: number | undefined, count: number): string => value?.toFixed(count) ?? "";

type Named = Pick<Result, "name">;
export const byPlace = (a: Named, b: Named): number => a.name.localeCompare(b.name, "en", { numeric: true });
