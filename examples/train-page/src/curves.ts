/** Accuracy and loss by epoch: two charts, and the same figures as a table. */
import { Chart, LinearScale, LineController, LineElement, PointElement, Tooltip } from "chart.js";
import { find, make, percent } from "./make.js";
import type { Epoch } from "./run-report.js";

/** Between two drawings, in milliseconds: one chart at a time, so that the page stays quick. */
const PAUSE = 125;

type Kind = "accuracy" | "loss";

Chart.register(LineController, LineElement, PointElement, LinearScale, Tooltip);

const point = (x: number, y: number): { x: number; y: number } => ({ x, y });

export class Curves {
  private readonly frame = find("curves", HTMLDivElement);
  private readonly rows = find("curve-rows", HTMLTableSectionElement);
  private readonly charts: Readonly<Record<Kind, Chart<"line", { x: number; y: number }[]>>>;
  private waiting: Epoch[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.charts = { accuracy: makeChart("accuracy"), loss: makeChart("loss") };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const chart of Object.values(this.charts)) {
        paint(chart);
        chart.update();
      }
    });
  }

  /** Shows these epochs and no others. */
  show(epochs: readonly Epoch[]): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const chart of Object.values(this.charts)) for (const line of chart.data.datasets) line.data.length = 0;
    this.rows.replaceChildren();
    this.frame.hidden = epochs.length === 0;
    this.waiting = [...epochs];
    if (epochs.length > 0) this.draw();
  }

  /** One more epoch. */
  add(epoch: Epoch): void {
    this.waiting.push(epoch);
    this.timer ??= setTimeout(() => this.draw(), PAUSE);
  }

  private draw(): void {
    const { accuracy, loss } = this.charts;
    const epochs = this.waiting.splice(0);
    for (const e of epochs) {
      accuracy.data.datasets[0]?.data.push(point(e.epoch, e.trainAccuracy));
      accuracy.data.datasets[1]?.data.push(point(e.epoch, e.valAccuracy));
      loss.data.datasets[0]?.data.push(point(e.epoch, e.loss));
      loss.data.datasets[1]?.data.push(point(e.epoch, e.valLoss));
    }
    this.frame.hidden = false;
    this.rows.append(...epochs.map(rowOf));
    const last = epochs.at(-1) as Epoch;
    const [learned, unseen] = [percent(last.trainAccuracy), percent(last.valAccuracy)];
    const at = `by epoch, after epoch ${last.epoch}`;
    accuracy.canvas.ariaLabel = `Accuracy ${at}: ${learned} while learning, ${unseen} on unseen pictures`;
    loss.canvas.ariaLabel = `Loss ${at}: ${last.loss.toFixed(3)} while learning, ${last.valLoss.toFixed(3)} on unseen pictures`;
    accuracy.update("none");
    this.timer = setTimeout(() => {
      loss.update("none");
      this.timer = this.waiting.length > 0 ? setTimeout(() => this.draw(), PAUSE) : undefined;
    }, PAUSE);
  }
}

const rowOf = (e: Epoch): HTMLTableRowElement =>
  make(
    "tr",
    {},
    make("th", { scope: "row" }, String(e.epoch)),
    ...[percent(e.trainAccuracy), percent(e.valAccuracy), e.loss.toFixed(4), e.valLoss.toFixed(4)].map((text) =>
      make("td", {}, text),
    ),
  );

function makeChart(kind: Kind): Chart<"line", { x: number; y: number }[]> {
  const line = { data: [], borderWidth: 2, clip: 6, pointRadius: 2, pointHitRadius: 8 };
  const chart = new Chart<"line", { x: number; y: number }[]>(find(`${kind}-curve`, HTMLCanvasElement), {
    type: "line",
    data: {
      datasets: [
        { ...line, data: [], label: "learned", borderDash: [5, 4] },
        { ...line, data: [], label: "unseen" },
      ],
    },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { type: "linear", min: 1, ticks: { precision: 0, maxRotation: 0 } },
        y:
          kind === "accuracy"
            ? { min: 0, max: 1, ticks: { callback: (value) => percent(Number(value)), stepSize: 0.25 } }
            : { min: 0, ticks: { maxTicksLimit: 5 } },
      },
    },
  });
  paint(chart);
  return chart;
}

/** Takes the colours of the style sheet, which follow the visitor's choice of light and dark. */
function paint(chart: Chart<"line", { x: number; y: number }[]>): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const [train, val] = chart.data.datasets;
  for (const [dataset, name] of [
    [train, "curve-train"],
    [val, "curve-val"],
  ] as const) {
    if (dataset) Object.assign(dataset, { borderColor: colour(name), backgroundColor: colour(name) });
  }
  for (const axis of ["x", "y"] as const) {
    Object.assign(chart.options.scales?.[axis] ?? {}, {
      grid: { color: colour("track") },
      border: { color: colour("line") },
    });
    Object.assign(chart.options.scales?.[axis]?.ticks ?? {}, { color: colour("quiet") });
  }
}
