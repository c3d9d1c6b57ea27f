/** Points with names, such as what was predicted beside what was measured. */
import type { Html } from "../html/html.js";
import { name as fullName, shorten } from "../html/name.js";
import { table } from "../html/table.js";
import { type Axis, formatOn, ink, still, valueAxis } from "./axes.js";
import { whiskers } from "./band.js";
import { drawSvg } from "./draw-svg.js";
import { type ChartText, frame, legend, lookOf, seriesColour } from "./frame.js";

export interface ScatterPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Of y. */
  readonly low?: number;
  readonly high?: number;
  /** Written beside the point. */
  readonly shown?: boolean;
}

export interface ScatterSeries {
  readonly name: string;
  readonly points: readonly ScatterPoint[];
}

export interface ScatterChart {
  readonly text: ChartText;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly ScatterSeries[];
  /** Draws the line on which x and y are equal. */
  readonly diagonal?: boolean;
}

const symbols = ["circle", "rect", "triangle", "diamond"] as const;

export function scatterChart({ text, x, y, series, diagonal }: ScatterChart): Html {
  const all = series.flatMap(({ points }) => points);
  const values = all.flatMap((p) => [p.x, p.y]);
  const ends = [x.min ?? Math.min(...values), x.max ?? Math.max(...values)];
  // A name stands where there is room for it.
  const sideOf = (p: ScatterPoint): string => (p.x > (ends[0]! + ends[1]!) / 2 ? "left" : "right");
  const svg = drawSvg(
    {
      grid: { left: 50, right: 22, top: 30, bottom: 44 },
      xAxis: valueAxis(x, "x"),
      yAxis: valueAxis(y, "y"),
      series: [
        ...(diagonal ? [equality(ends)] : []),
        ...series.map(({ points }, i) => ({
          ...still,
          type: "scatter",
          symbol: symbols[i % symbols.length],
          symbolSize: 9,
          z: 6,
          itemStyle: { color: seriesColour(lookOf(i)) },
          data: points.map((p) => ({
            value: [p.x, p.y],
            label: { ...ink, show: p.shown ?? false, position: sideOf(p), formatter: () => shorten(p.name, 18) },
          })),
        })),
        whiskers(all.flatMap((p) => (p.low === undefined || p.high === undefined ? [] : [[p.x, p.low, p.high]]))),
      ],
    },
    { width: 400, height: 320 },
    `${text.title}: ${text.summary}`,
  );
  return frame({
    text,
    svg,
    legend: legend(series.map(({ name }, i) => ({ name, look: lookOf(i), area: true }))),
    table: table(
      text.title,
      [
        { name: "point", cell: (p) => fullName(p.name) },
        { name: x.name, number: true, cell: (p) => formatOn(x, p.x) },
        { name: y.name, number: true, cell: (p) => formatOn(y, p.y) },
      ],
      all,
    ),
  });
}

export const equality = (ends: readonly number[]): Record<string, unknown> => ({
  ...still,
  type: "line",
  showSymbol: false,
  data: ends.map((v) => [v, v]),
  lineStyle: { color: "var(--soft)", width: 1.3, type: [3, 3] },
});
