import { describe, expect, it } from "vitest";
import { formatNumber, formatPercent } from "../src/charts/axes.js";
import { barChart } from "../src/charts/bar-chart.js";
import { heatMap } from "../src/charts/heat-map.js";
import { lineChart } from "../src/charts/line-chart.js";
import { reliabilityDiagram } from "../src/charts/reliability-diagram.js";
import { scatterChart } from "../src/charts/scatter-chart.js";
import { markupOf } from "../src/html/html.js";

/** All that a chart is made of. */
const drawn = [
  ...["figure", "figcaption", "p", "ul", "li", "details", "summary", "div", "span"],
  ...["table", "caption", "thead", "tbody", "tr", "th", "td"],
  ...["svg", "path", "rect", "g", "text", "defs", "clipPath", "line", "polygon", "polyline", "circle"],
];

const evil = `<script>alert(1)</script>"'&`;
const text = { title: evil, summary: evil, note: evil };
const unit = { name: evil, percent: true, min: 0, max: 1 };

const charts = {
  line: () =>
    lineChart({
      ...{ text, x: { name: evil, whole: true }, y: unit },
      marks: [{ x: 2, label: evil }],
      series: [
        { name: evil, points: [[1, 0.5], [2, null], [3, 0.75]] }, // biome-ignore format: a row per series
        { name: "b", points: [[1, 0.25]], band: [[1, 0.1, 0.5], [3, 0.2, 0.6]] }, // biome-ignore format: a row per series
      ],
    }),
  bar: () =>
    barChart({
      ...{ text, of: evil, names: [evil, "b"], x: unit },
      series: [{ name: evil, bars: [{ value: 0.5, low: 0.25, high: 0.75 }, { value: undefined }] }],
    }),
  heat: () =>
    heatMap({
      ...{ text, rows: { name: evil, names: [evil, "b"] }, columns: { name: evil, names: [evil, "b"] } },
      values: [
        [7, 0],
        [undefined, 2],
      ],
    }),
  scatter: () =>
    scatterChart({
      ...{ text, x: unit, y: unit, diagonal: true },
      series: [{ name: evil, points: [{ name: evil, x: 0.5, y: 0.25, low: 0.125, high: 0.375, shown: true }] }],
    }),
  reliability: () =>
    reliabilityDiagram({
      text,
      bins: [
        { from: 0, to: 0.5, count: 0, confidence: undefined, accuracy: undefined },
        { from: 0.5, to: 1, count: 8, confidence: 0.75, accuracy: 0.625, low: 0.5, high: 0.875 },
      ],
    }),
};

describe.each(Object.entries(charts))("a %s chart", (_, draw) => {
  const markup = markupOf(draw());
  const [svg = ""] = markup.match(/<svg viewBox="0 0 \d{3}.*?<\/svg>/s) ?? [];

  it("holds no markup of a name", () => {
    expect(svg.length).toBeGreaterThan(500);
    expect(markup).not.toMatch(/<script|alert\(1\)<\//);
    const tags = new Set(markup.match(/(?<=<)[a-zA-Z]+/g));
    for (const tag of tags) expect(drawn, tag).toContain(tag);
  });

  it("takes its colours from the page, so that it is light and dark", () => {
    expect(svg.match(/(?:fill|stroke)="#[^"]*"/g)?.filter((colour) => colour !== 'fill="#000"') ?? []).toEqual([]);
    expect(svg).toContain("var(--");
    expect(svg).not.toMatch(/<style|class="zr|ecmeta/);
  });

  it("is told to a screen reader, and its numbers are beside it", () => {
    expect(svg).toContain('role="img" aria-label="&lt;script&gt;');
    expect(markup).toContain("<details><summary>Numbers of");
    expect(markup).toContain('<th scope="col"');
  });

  it("comes out the same every time", () => {
    expect(markupOf(draw())).toBe(markup);
  });

  it("has no number that is none", () => {
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

it("a word on a mark at either end of the axis stays beside the numbers of the other", () => {
  const chart = (x: number): string =>
    markupOf(
      lineChart({
        ...{ text, x: { name: "x" }, y: { name: "y" }, marks: [{ x, label: "kept" }] },
        series: [{ name: "a", points: [[1, 0], [2, 1], [3, 2]] }], // biome-ignore format: a row per series
      }),
    );
  const anchor = (x: number): string | undefined => chart(x).match(/text-anchor="(\w+)"[^>]*>kept</)?.[1];
  expect([1, 2, 3].map(anchor)).toEqual(["start", "middle", "end"]);
});

it("bars of a logarithmic axis begin at its least number", () => {
  const bars = [{ value: 0.001 }, { value: 10 }];
  const x = { name: "x", log: true, min: 0.0001 };
  const svg = markupOf(barChart({ text, of: "b", names: ["a", "b"], x, series: [{ name: "s", bars }] }));
  const [less, more] = [...svg.matchAll(/<path d="M([\d.]+) [\d.]+L([\d.]+) [^>]*fill="var\(--series-1\)"/g)];
  expect(less?.[1]).toBe(more?.[1]);
  expect(Number(more?.[2])).toBeGreaterThan(Number(less?.[2]));
});

describe("numbers", () => {
  it("are three digits that count, with a unit where they are large", () => {
    expect([0, 0.12345, -2.5, 12345, 2.36e6, 5e9, 1.23e-5, Number.NaN].map((v) => formatNumber(v))).toEqual([
      ...["0", "0.123", "−2.5", "12.3k", "2.36M", "5G", "1.2e−5", "–"],
    ]);
  });

  it("are percentages with one digit behind the point", () => {
    expect([0.1234, 1, undefined].map((v) => formatPercent(v))).toEqual(["12.3 %", "100.0 %", "–"]);
  });
});
