/** Horizontal bars by name, several a name where there are several series, with whiskers of their intervals. */
import type { Html } from "../html/html.js";
import { name as fullName } from "../html/name.js";
import { table } from "../html/table.js";
import { type Axis, formatOn, ink, nameAxis, roomFor, still, valueAxis } from "./axes.js";
import { whiskers } from "./band.js";
import { drawSvg } from "./draw-svg.js";
import { type ChartText, frame, legend, lookOf, seriesColour } from "./frame.js";

export interface Bar {
  /** Undefined: there is no such figure. */
  readonly value: number | undefined;
  readonly low?: number;
  readonly high?: number;
}

export interface BarSeries {
  readonly name: string;
  /** One per name. */
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly text: ChartText;
  /** What the names are, such as "class". */
  readonly of: string;
  /** Of the bars, from top to bottom. */
  readonly names: readonly string[];
  readonly series: readonly BarSeries[];
  readonly x: Axis;
  /** Writes the value beside each bar. Default: with one series and no intervals. */
  readonly values?: boolean;
}

const BAR = 15;

function write({ value, low, high }: Bar, x: Axis): string | undefined {
  if (value === undefined) return undefined;
  const range = low === undefined || high === undefined ? "" : ` (${formatOn(x, low)} to ${formatOn(x, high)})`;
  return formatOn(x, value) + range;
}

export function barChart({ text, of, names, series, x, values }: BarChart): Html {
  const width = 400;
  const group = series.length * BAR + 10;
  const size = { width, height: names.length * group + 56 };
  const beside = values ?? (series.length === 1 && series[0]?.bars.every(({ low }) => low === undefined));
  const svg = drawSvg(
    {
      grid: { left: roomFor(names), right: beside ? 54 : 16, top: 8, bottom: 44 },
      xAxis: {
        ...valueAxis(x, "x"),
        splitLine: { show: true, lineStyle: { color: "var(--line)" } },
        scale: false,
        startValue: x.log ? x.min : undefined,
      },
      yAxis: { ...nameAxis(names), inverse: true },
      series: series.flatMap(({ bars }, i) => [
        {
          ...still,
          type: "bar",
          data: bars.map(({ value }) => value ?? "-"),
          barWidth: BAR - 3,
          barGap: "25%",
          itemStyle: { color: seriesColour(lookOf(i)), borderRadius: [0, 2, 2, 0] },
          label: {
            ...ink,
            show: beside,
            position: "right",
            formatter: ({ value }: { value: unknown }) => (typeof value === "number" ? formatOn(x, value) : ""),
          },
        },
        whiskers(
          bars.flatMap(({ low, high }, at) => (low === undefined || high === undefined ? [] : [[at, low, high]])),
          { horizontal: true, shift: (i - (series.length - 1) / 2) * BAR },
        ),
      ]),
    },
    size,
    `${text.title}: ${text.summary}`,
  );
  const rows = names.map((name, i) => ({ name, i }));
  return frame({
    text,
    svg,
    legend: legend(series.map(({ name }, i) => ({ name, look: lookOf(i), area: true }))),
    table: table(
      text.title,
      [
        { name: of, cell: ({ name }) => fullName(name) },
        ...series.map(({ name, bars }) => ({
          name,
          number: true,
          cell: ({ i }: { i: number }) => write(bars[i] as Bar, x),
        })),
      ],
      rows,
    ),
  });
}
