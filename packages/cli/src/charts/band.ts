/** Shapes that ECharts has no series of: an area between two lines, and whiskers. */
import type { CustomSeriesRenderItem } from "echarts";
import { still } from "./axes.js";
import { type SeriesLook, seriesColour } from "./frame.js";

/** A drawing of its own for each of `data`. */
const custom = (data: readonly (readonly number[])[], renderItem: CustomSeriesRenderItem, z: number): object => ({
  ...still,
  type: "custom",
  data,
  z,
  clip: true,
  renderItem,
});

/** The area between `low` and `high`. */
export function band(
  points: readonly (readonly [x: number, low: number, high: number])[],
  look: SeriesLook,
): Record<string, unknown> {
  // The first point stands for all: a polygon is one drawing, and the axes must know its extent.
  const extent = points.flatMap(([x, low, high]) => [
    [x, low],
    [x, high],
  ]);
  return {
    ...custom(
      extent,
      (params, api) => {
        if (params.dataIndex !== 0) return;
        const upper = points.map(([x, , high]) => api.coord([x, high]));
        const lower = points.map(([x, low]) => api.coord([x, low])).reverse();
        return {
          type: "polygon",
          shape: { points: [...upper, ...lower] },
          style: { fill: seriesColour(look), opacity: 0.2 },
        };
      },
      1,
    ),
  };
}

/** From `low` to `high` at a place of the other axis, with short ends. `horizontal`: along x. */
export function whiskers(
  ranges: readonly (readonly [at: number, low: number, high: number])[],
  { horizontal = false, shift = 0 }: { readonly horizontal?: boolean; readonly shift?: number } = {},
): Record<string, unknown> {
  const data = ranges.map(([at, low, high]) => (horizontal ? [low, at, high] : [at, low, high]));
  const encode = horizontal ? { x: [0, 2], y: 1 } : { x: 0, y: [1, 2] };
  const CAP = 4;
  return {
    ...custom(
      data,
      (_, api) => {
        const value = (i: number): number => api.value(i) as number;
        const [from, to] = horizontal
          ? [api.coord([value(0), value(1)]), api.coord([value(2), value(1)])]
          : [api.coord([value(0), value(1)]), api.coord([value(0), value(2)])];
        const along = horizontal ? 0 : 1;
        const moved = [from, to].map((p) => p.map((v, axis) => (axis === along ? v : v + shift)));
        const end = (p: readonly number[]): number[][] =>
          [-CAP, CAP].map((d) => p.map((v, axis) => (axis === along ? v : v + d)));
        const lines = [moved, ...moved.map(end)] as number[][][];
        return {
          type: "group",
          children: lines.map(([a, b]) => ({
            type: "line" as const,
            shape: { x1: a![0]!, y1: a![1]!, x2: b![0]!, y2: b![1]! },
            style: { stroke: "var(--ink)", lineWidth: 1.4 },
          })),
        };
      },
      5,
    ),
    encode,
  };
}
