/** Counts or shares in a grid: the fuller a cell, the deeper its colour. */
import { type Html, html } from "../html/html.js";
import { name as fullName, shorten } from "../html/name.js";
import { table } from "../html/table.js";
import { FONT, formatNumber, ink, nameAxis, roomFor, still } from "./axes.js";
import { drawSvg } from "./draw-svg.js";
import { type ChartText, frame } from "./frame.js";

export interface HeatMap {
  readonly text: ChartText;
  /** What rows and columns are, such as "is" and "was named". */
  readonly rows: { readonly name: string; readonly names: readonly string[] };
  readonly columns: { readonly name: string; readonly names: readonly string[] };
  /** `values[row][column]`; undefined leaves the cell empty. */
  readonly values: readonly (readonly (number | undefined)[])[];
  /** From 0 to 1: how deep a cell's colour is. Default: its value over the largest. */
  readonly depth?: (value: number, row: number, column: number) => number;
  readonly format?: (value: number) => string;
  /** Default: how large it must be for its cells to be read. */
  readonly wide?: boolean;
}

/** Above this depth the ink of a cell is that of its colour; both then stand out. */
const DEEP = 0.68;

export function heatMap({ text, rows, columns, values, depth, format = formatNumber, wide }: HeatMap): Html {
  const largest = Math.max(1e-300, ...values.flat().map((v) => v ?? 0));
  const depthOf = depth ?? ((value: number) => value / largest);
  const left = roomFor(rows.names, 12) + 22;
  const top = roomFor(columns.names, 12) * 0.75 + 26;
  const count = columns.names.length;
  const cell = count <= 6 ? Math.max(36, (400 - left - 8) / count) : count <= 12 ? 36 : 26;
  const height = Math.min(cell, 44);
  const size = { width: left + cell * count + 8, height: top + height * rows.names.length + 8 };
  const small = count > 12;
  const cells = values.flatMap((row, r) => row.flatMap((v, c) => (v === undefined ? [] : [[c, r, v] as const])));
  const title = { nameLocation: "middle", nameTextStyle: { ...ink, fontStyle: "italic" } };
  const most = 12;
  const svg = drawSvg(
    {
      grid: { left, right: 8, top, bottom: 8 },
      xAxis: {
        ...nameAxis(columns.names, most),
        ...title,
        position: "top",
        name: columns.name,
        nameGap: top - 20,
        axisLabel: {
          ...ink,
          interval: 0,
          rotate: 45,
          formatter: (_: string, i: number) => shorten(columns.names[i] as string, most),
        },
      },
      yAxis: { ...nameAxis(rows.names, most), ...title, inverse: true, name: rows.name, nameGap: left - 18 },
      series: [
        {
          ...still,
          type: "custom",
          data: cells,
          renderItem: ({ dataIndex }: { dataIndex: number }, api: CellApi) => {
            const [c, r, value] = cells[dataIndex]!;
            const share = Math.min(1, Math.max(0, depthOf(value, r, c)));
            const [x, y] = api.coord([c, r]) as [number, number];
            const rect = { x: x - cell / 2 + 0.5, y: y - height / 2 + 0.5, width: cell - 1, height: height - 1 };
            const text = {
              ...{ x, y, text: value === 0 ? "" : format(value), align: "center", verticalAlign: "middle" },
              fill: share > DEEP ? "var(--heat-ink)" : "var(--ink)",
              ...{ fontFamily: "inherit", fontSize: small ? FONT - 3 : FONT },
            };
            const opacity = share === 0 ? 0.04 : 0.08 + 0.92 * share;
            return {
              type: "group",
              children: [
                { type: "rect", shape: rect, style: { fill: "var(--heat)", opacity } },
                { type: "text", style: text },
              ],
            };
          },
        },
      ],
    },
    size,
    `${text.title}: ${text.summary}`,
  );
  const isWide = wide ?? count > 12;
  const numbers = table(
    `${text.title}: a row ${rows.name}, a column ${columns.name}`,
    [
      { name: rows.name, cell: (_, r) => fullName(rows.names[r] as string) },
      ...columns.names.map((name, c) => ({
        name: shorten(name, 24),
        number: true,
        cell: (row: readonly (number | undefined)[]) => (row[c] === undefined ? undefined : format(row[c])),
      })),
    ],
    values,
  );
  const drawn = isWide
    ? html`<div class="scroll" tabindex="0" role="group" aria-label="${text.title}">${svg}</div>`
    : svg;
  return frame({ text, svg: drawn, table: numbers, wide: isWide });
}

interface CellApi {
  coord(point: readonly number[]): number[];
}
