/** Lines over a common axis, with bands around them and marks on the axis. */
import { type Html, html } from "../html/html.js";
import { table } from "../html/table.js";
import { type Axis, formatOn, ink, still, valueAxis } from "./axes.js";
import { band } from "./band.js";
import { drawSvg } from "./draw-svg.js";
import { type ChartText, frame, legend, lookOf, type SeriesLook, seriesColour } from "./frame.js";

export type Point = readonly [x: number, y: number | null];

export interface LineSeries {
  readonly name: string;
  /** By rising x. A null leaves a gap. */
  readonly points: readonly Point[];
  /** Around the line, at x values of its own. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Default: by its place among the series. */
  readonly look?: SeriesLook;
  /** The value holds from the point before on. */
  readonly steps?: boolean;
  /** Points are marked; the default marks them where there are few. */
  readonly dots?: boolean;
}

/** A line across the chart at one x, with a word on it. */
export interface Mark {
  readonly x: number;
  readonly label: string;
}

export interface LineChart {
  readonly text: ChartText;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
  readonly marks?: readonly Mark[];
  /** As high as wide, for axes of one kind. */
  readonly square?: boolean;
  /** Most rows of the table of numbers, evenly chosen. Default 60. */
  readonly tableRows?: number;
}

const FEW = 24;

const lookAt = (series: LineSeries, index: number): SeriesLook => series.look ?? lookOf(index);

function drawLine(series: LineSeries, index: number): Record<string, unknown> {
  const look = lookAt(series, index);
  const color = seriesColour(look);
  return {
    ...still,
    type: "line",
    data: series.points.map(([x, y]) => [x, y ?? "-"]),
    step: series.steps ? "start" : false,
    showSymbol: series.dots ?? series.points.length <= FEW,
    symbol: "circle",
    symbolSize: 5,
    z: 3,
    lineStyle: { color, width: 2.2, type: look.dash.length > 0 ? look.dash : "solid" },
    itemStyle: { color, borderWidth: 0 },
  };
}

const alignAt = (share: number): string => (share < 0.1 ? "left" : share > 0.9 ? "right" : "center");

/** `ends`: of the axis, beside which a word has no room to both sides. */
const markLine = (marks: readonly Mark[], [low, high]: readonly [number, number]): Record<string, unknown> => ({
  ...still,
  type: "line",
  data: [],
  markLine: {
    silent: true,
    symbol: "none",
    lineStyle: { color: "var(--soft)", type: [2, 3], width: 1.3 },
    data: marks.map(({ x, label }) => ({
      xAxis: x,
      label: {
        ...ink,
        color: "var(--ink)",
        formatter: () => label,
        position: "end",
        distance: 4,
        align: alignAt((x - low) / (high - low)),
      },
    })),
  },
});

/** A row per x, a column per series. */
function numbers({ text, x, series, tableRows = 60 }: LineChart, y: Axis): Html {
  const all = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const every = Math.ceil(all.length / tableRows);
  const shown = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  const values = series.map(({ points }) => new Map(points));
  return table(
    every > 1 ? `${text.title}: ${shown.length} of ${all.length} points` : text.title,
    [
      { name: x.name, number: true, cell: (at) => formatOn(x, at) },
      ...series.map(({ name }, i) => ({
        name,
        number: true,
        cell: (at: number) => {
          const value = values[i]?.get(at);
          return value === undefined || value === null ? undefined : formatOn(y, value);
        },
      })),
    ],
    shown,
  );
}

export function lineChart(chart: LineChart): Html {
  const { text, x, y, series, marks = [], square = false } = chart;
  const places = series.flatMap(({ points }) => points.map(([at]) => at));
  const ends = [x.min ?? Math.min(...places), x.max ?? Math.max(...places)] as const;
  const size = { width: 400, height: square ? 380 : 270 };
  const svg = drawSvg(
    {
      grid: { left: 50, right: 22, top: marks.length > 0 ? 46 : 30, bottom: 44 },
      xAxis: valueAxis(x, "x"),
      // The names of marks are below that of the axis.
      yAxis: { ...valueAxis(y, "y"), nameGap: marks.length > 0 ? 26 : 10 },
      series: [
        ...series.flatMap((s, i) => (s.band && s.band.length > 0 ? [band(s.band, lookAt(s, i))] : [])),
        ...series.map(drawLine),
        ...(marks.length > 0 ? [markLine(marks, ends)] : []),
      ],
    },
    size,
    `${text.title}: ${text.summary}`,
  );
  const entries = legend(series.map((s, i) => ({ name: s.name, look: lookAt(s, i) })));
  return frame({ text, svg, legend: entries, table: html`${numbers(chart, y)}` });
}
