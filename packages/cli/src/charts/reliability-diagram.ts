/** Whether pictures named with a confidence of 80 % are right 80 % of the time: bars on the diagonal. */
import type { Html } from "../html/html.js";
import { table } from "../html/table.js";
import { formatPercent, still, valueAxis } from "./axes.js";
import { whiskers } from "./band.js";
import { drawSvg } from "./draw-svg.js";
import { type ChartText, frame } from "./frame.js";
import { equality } from "./scatter-chart.js";

export interface ReliabilityBin {
  /** Confidences in this bin, as shares. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin; undefined where it is empty. */
  readonly confidence: number | undefined;
  readonly accuracy: number | undefined;
  /** Interval of the accuracy. */
  readonly low?: number;
  readonly high?: number;
}

export interface ReliabilityDiagram {
  readonly text: ChartText;
  readonly bins: readonly ReliabilityBin[];
}

export function reliabilityDiagram({ text, bins }: ReliabilityDiagram): Html {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const filled = bins.filter(({ count }) => count > 0);
  const svg = drawSvg(
    {
      grid: { left: 50, right: 22, top: 30, bottom: 44 },
      xAxis: valueAxis({ name: "confidence", min: 0, max: 1, percent: true }, "x"),
      yAxis: valueAxis({ name: "share that is right", min: 0, max: 1, percent: true }, "y"),
      series: [
        {
          ...still,
          type: "custom",
          data: filled.map(({ from, to, accuracy, count }) => [from, to, accuracy, count / most]),
          encode: { x: [0, 1], y: 2 },
          renderItem: (_: unknown, api: BinApi) => {
            const [left, base] = api.coord([api.value(0), 0]) as [number, number];
            const [right, top] = api.coord([api.value(1), api.value(2)]) as [number, number];
            return {
              type: "rect",
              shape: { x: left + 1, y: top, width: Math.max(1, right - left - 2), height: base - top },
              style: { fill: "var(--series-1)", opacity: 0.25 + 0.75 * api.value(3) },
            };
          },
        },
        whiskers(
          filled.flatMap(({ from, to, low, high }) =>
            low === undefined || high === undefined ? [] : [[(from + to) / 2, low, high]],
          ),
        ),
        { ...equality([0, 1]), z: 6 },
      ],
    },
    { width: 400, height: 330 },
    `${text.title}: ${text.summary}`,
  );
  return frame({
    text,
    svg,
    table: table(
      text.title,
      [
        { name: "confidence", cell: ({ from, to }) => `${formatPercent(from, 0)} to ${formatPercent(to, 0)}` },
        { name: "pictures", number: true, cell: ({ count }) => count },
        { name: "mean confidence", number: true, cell: ({ confidence }) => formatPercent(confidence) },
        { name: "right", number: true, cell: ({ accuracy }) => formatPercent(accuracy) },
      ],
      filled,
    ),
  });
}

interface BinApi {
  value(dimension: number): number;
  coord(point: readonly number[]): number[];
}
