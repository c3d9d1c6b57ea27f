/** Axes, grid lines and texts that all charts share. */
import { shorten } from "../html/name.js";

export interface Axis {
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  readonly log?: boolean;
  /** Shares are written as percentages. */
  readonly percent?: boolean;
  /** No tick lies between whole numbers. */
  readonly whole?: boolean;
}

export const FONT = 13;

export const ink: { readonly color: string; readonly fontFamily: string; readonly fontSize: number } = {
  color: "var(--soft)",
  fontFamily: "inherit",
  fontSize: FONT,
};

/** From how much on a unit is used. */
const units: readonly (readonly [from: number, unit: number, letter: string])[] = [
  [1e9, 1e9, "G"],
  [1e6, 1e6, "M"],
  [1e4, 1e3, "k"],
];

/** At most `digits` that count. */
export function formatNumber(value: number, digits = 3): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return "–";
  if (size !== 0 && size < 1e-3) return value.toExponential(1).replace("e-", "e−");
  const unit = units.find(([from]) => size >= from);
  const shown = unit
    ? `${Number((value / unit[1]).toPrecision(digits))}${unit[2]}`
    : String(Number(value.toPrecision(digits)));
  return shown.replace("-", "−");
}

export const formatPercent = (share: number | undefined, digits = 1): string =>
  share === undefined || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)} %`;

/** As the numbers of this axis are written in tables. */
export const formatOn = (axis: Axis, value: number): string =>
  axis.percent ? formatPercent(value) : formatNumber(value);

const line = { lineStyle: { color: "var(--line)", width: 1 } } as const;

/** A continuous axis. Its name stands at the end of it, above or below the plot. */
export const valueAxis = (axis: Axis, side: "x" | "y"): Record<string, unknown> => ({
  type: axis.log ? "log" : "value",
  name: axis.name,
  nameLocation: side === "x" ? "middle" : "end",
  nameGap: side === "x" ? 26 : 10,
  nameTextStyle: { ...ink, align: side === "x" ? "center" : "left", ...(side === "y" && { padding: [0, 0, 0, -34] }) },
  min: axis.min,
  max: axis.max,
  minInterval: axis.whole ? 1 : undefined,
  scale: true,
  splitNumber: 4,
  interval: axis.percent && axis.min === 0 && axis.max === 1 ? 0.2 : undefined,
  axisLine: { show: side === "x", ...line },
  axisTick: { show: false },
  splitLine: { show: side === "y", ...line },
  axisLabel: {
    ...ink,
    hideOverlap: true,
    formatter: (value: number) => (axis.percent ? `${Number((100 * value).toPrecision(4))} %` : formatNumber(value, 6)),
  },
});

/** An axis of names, each kept short. */
export const nameAxis = (names: readonly string[], most = 16): Record<string, unknown> => ({
  type: "category",
  data: names.map((_, i) => String(i)),
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { ...ink, interval: 0, formatter: (_: string, i: number) => shorten(names[i] as string, most) },
});

/** Room that names of so many characters need, in pixels. */
export const roomFor = (names: readonly string[], most = 16): number =>
  10 + 7.2 * Math.min(most, Math.max(0, ...names.map((name) => [...name].length)));

/** Nothing reacts to a pointer: there is no script. */
export const still: { readonly silent: true; readonly emphasis: { readonly disabled: true } } = {
  silent: true,
  emphasis: { disabled: true },
};
