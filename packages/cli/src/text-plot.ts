/** A curve in characters, for a terminal. */

export interface TextPlotInput {
  /** In the order of x, which grows. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Places on the x axis that get a letter below it. */
  readonly marks?: readonly { readonly x: number; readonly letter: string }[];
  /** Texts below the left and the right end of the x axis. */
  readonly ends: readonly [left: string, right: string];
  readonly width?: number;
  readonly height?: number;
}

/** Rows of text: the y axis with its highest and lowest value, the curve, the letters of the marks, the ends of x. */
export function plotText({ points, marks = [], ends, width = 64, height = 10 }: TextPlotInput): string {
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const place = (value: number, from: number, to: number, count: number): number =>
    to > from ? Math.min(count - 1, Math.max(0, Math.round(((value - from) / (to - from)) * (count - 1)))) : 0;
  const rows = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  for (const { x, y } of points) rows[height - 1 - place(y, low, high, height)]![place(x, left, right, width)] = "*";
  const label = (row: number): string => (row === 0 ? high.toFixed(2) : row === height - 1 ? low.toFixed(2) : "");
  const margin = Math.max(label(0).length, label(height - 1).length);
  const letters = new Array<string>(width).fill(" ");
  for (const { x, letter } of marks) if (x >= left && x <= right) letters[place(x, left, right, width)] = letter;
  const gap = " ".repeat(Math.max(1, width - ends[0].length - ends[1].length));
  const pad = " ".repeat(margin);
  return [
    ...rows.map((row, i) => `${label(i).padStart(margin)} |${row.join("").trimEnd()}`),
    `${pad} +${"-".repeat(width)}`,
    ...(marks.length > 0 ? [`${pad}  ${letters.join("").trimEnd()}`] : []),
    `${pad}  ${ends[0]}${gap}${ends[1]}`,
  ].join("\n");
}
