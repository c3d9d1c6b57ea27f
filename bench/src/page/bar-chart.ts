/** Milliseconds as bars on a logarithmic axis; the table beside it says the same in words. */
import { BarController, BarElement, CategoryScale, Chart, Legend, LogarithmicScale, Tooltip } from "chart.js";
import { showMs } from "../suite/show-number.js";
import { makeElement } from "./make-element.js";

Chart.register(BarController, BarElement, CategoryScale, Legend, LogarithmicScale, Tooltip);

export interface Series {
  readonly label: string;
  /** Milliseconds by name. */
  readonly ms: ReadonlyMap<string, number>;
}

const BAR_PX = 12;
const LINE_PX = 14;
const GAP_PX = 10;
const MOST_BARS = 240;
const SERIES = 6;
const NARROW_PX = 640;
const MOST_TEXT = 24;

let shown: { readonly chart: Chart; readonly again: () => void } | undefined;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown?.again());

/** A figure of `names`, as far as there is room, by those of `all` that have one of them; there is one chart at a time. */
export function barChart(names: readonly string[], all: readonly Series[]): HTMLElement {
  const series = all.filter(({ ms }) => names.some((name) => ms.has(name)));
  const few = names.slice(0, Math.max(1, Math.floor(MOST_BARS / series.length)));
  const canvas = makeElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.ariaLabel = `Bars of milliseconds: ${series.map(({ label }) => label).join("; ")}. The table has the same figures.`;
  const holder = makeElement("div", { className: "chart" }, canvas);
  const rowPx =
    Math.max(series.length * BAR_PX, Math.max(...few.map((name) => linesOf(name).length)) * LINE_PX) + GAP_PX;
  holder.style.height = `${90 + few.length * rowPx}px`;
  const rest = few.length < names.length ? `, the first ${few.length} of ${names.length} names` : "";
  const caption = makeElement(
    "figcaption",
    {},
    `Median milliseconds on a logarithmic scale: shorter is faster${rest}.`,
  );
  const draw = (): void => {
    shown?.chart.destroy();
    shown = { chart: drawOn(canvas, few, series), again: draw };
  };
  requestAnimationFrame(draw); // it takes its size from the page
  return makeElement("figure", {}, holder, caption);
}

function drawOn(canvas: HTMLCanvasElement, names: readonly string[], series: readonly Series[]): Chart {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`);
  const [text, line] = [colour("front"), colour("line")];
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels: [...names],
      datasets: series.map(({ label, ms }, i) => ({
        label: innerWidth < NARROW_PX && label.length > 28 ? `${label.slice(0, 27)}…` : label,
        data: names.map((name) => ms.get(name) ?? null),
        backgroundColor: colour(`series-${(i % SERIES) + 1}`),
        maxBarThickness: BAR_PX,
      })),
    },
    options: {
      indexAxis: "y",
      animation: false,
      maintainAspectRatio: false,
      scales: {
        x: {
          type: "logarithmic",
          title: { display: true, text: "ms", color: text },
          ticks: {
            color: text,
            callback: (value) => (/^[125]e/.test(Number(value).toExponential()) ? Number(value) : ""),
          },
          grid: { color: line },
        },
        y: {
          ticks: { color: text, autoSkip: false, callback: (_, i) => linesOf(names[i]!) },
          grid: { display: false },
        },
      },
      plugins: {
        legend: { labels: { color: text } },
        tooltip: { callbacks: { label: ({ dataset, parsed }) => `${dataset.label}: ${showMs(parsed.x ?? 0)} ms` } },
      },
    },
  });
}

/** "conv2d/8x56x56x64-64-3x3/winograd" in one line, or in two where there is little room. */
function linesOf(name: string): string[] {
  if (innerWidth >= NARROW_PX) return [name];
  const [op, ...rest] = name.split("/");
  return [op!, shorten(rest.join("/"))].filter((line) => line !== "");
}

/** The end tells variants apart. */
const shorten = (text: string): string => (text.length <= MOST_TEXT ? text : `…${text.slice(1 - MOST_TEXT)}`);
