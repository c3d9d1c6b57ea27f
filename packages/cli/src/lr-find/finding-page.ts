/** lr-find.html: loss over learning rate, and how trainings at the rates around the suggestion did. */
import type { RateFinding, RateScore } from "@tlx/transfer";
import { formatPercent } from "../charts/axes.js";
import { type LineSeries, lineChart } from "../charts/line-chart.js";
import { type Html, html } from "../html/html.js";
import { formatPage, type Section } from "../html/page.js";
import { command as commandLine, tiles } from "../html/parts.js";
import { table } from "../html/table.js";
import { describeEqual, describeRange, explainChoice, formatLoss, formatRate } from "./print-finding.js";

export interface FindingPage {
  readonly finding: RateFinding;
  readonly metric: string;
  readonly command: string;
  /** Folder of the pictures. */
  readonly data: string;
  readonly model: string;
  /** "tlx 0.1.0, Node v20.19.0, adapter" */
  readonly madeBy: string;
}

export function findingPage({ finding, metric, command, data, model, madeBy }: FindingPage): string {
  const { rate, trials } = finding;
  const sections: Section[] = [{ id: "range", title: "Range test", body: rangeSection(finding) }];
  if (trials.length > 0) sections.push({ id: "trials", title: "Trials", body: trialSection(finding) });
  sections.push({ id: "method", title: "How this was measured", body: methodSection(finding) });
  return formatPage({
    title: `Learning rate for ${data.split(/[\\/]/).at(-1) || data}`,
    lead: html`<p class="lead">Suggested: ${formatRate(rate)} for ${model}.</p>
<p>Why: ${explainChoice(finding, metric)}.</p>
${commandLine(command)}
${tiles([
  { label: "learning rate", value: formatRate(rate) },
  ...(trials.length > 0 ? [{ label: "rates that do as well", value: describeEqual(trials) }] : []),
])}`,
    sections,
    foot: html`<p>${madeBy}</p>`,
  });
}

/** A dot on the curve. */
const suggested = (rate: number, y: number): LineSeries => ({ name: "suggested", points: [[rate, y]], dots: true });

const far = (a: number, b: number): number => Math.abs(Math.log(a / b));

const rateAxis = { name: "learning rate", log: true };

function rangeSection({ range, rate }: RateFinding): Html {
  const { points, marks } = range;
  const rows = Object.entries(names).map(([name, what]) => ({ name, what, at: marks[name as keyof typeof marks] }));
  return html`<p>${describeRange(range)}.</p><div class="charts">${lineChart({
    text: {
      title: "Loss over learning rate",
      summary: `lowest at ${formatRate(marks.lowest)}, falling fastest at ${formatRate(marks.steepest)}`,
      note: "Training loss of single steps, the rate growing from step to step; smoothed, and as it was.",
    },
    x: rateAxis,
    y: { name: "loss", max: highest(points.map(({ smoothed }) => smoothed)) },
    series: [
      { name: "smoothed", points: points.map((p) => [p.rate, p.smoothed]), dots: false },
      { name: "of the step", points: points.map((p) => [p.rate, p.loss]), dots: false },
      suggested(rate, points.reduce((a, b) => (far(b.rate, rate) < far(a.rate, rate) ? b : a)).smoothed),
    ],
  })}</div>${table(
    "Marks of the curve",
    [
      { name: "mark", cell: ({ name }: (typeof rows)[number]) => name },
      { name: "rate", number: true, cell: ({ at }) => formatRate(at) },
      { name: "what it is", cell: ({ what }) => what },
    ],
    rows,
  )}`;
}

const names: Readonly<Record<keyof RateFinding["range"]["marks"], string>> = {
  steepest: "where the smoothed loss falls fastest",
  valley: "two thirds along the longest falling part",
  lowest: "where the smoothed loss is lowest",
  tenth: "a tenth of the lowest",
};

/** Losses far above the start say nothing more: the chart ends a little above the smoothed ones. */
const highest = (smoothed: readonly number[]): number => Number((1.2 * Math.max(...smoothed)).toPrecision(2));

function trialSection({ trials, plan, rate }: RateFinding): Html {
  const known = trials.filter(({ loss }) => Number.isFinite(loss));
  const chosen = trials.find((t) => t.rate === rate)!;
  return html`<p>At each rate ${plan.folds} ${plan.folds === 1 ? "training" : "trainings"} of ${plan.trial.epochs} epochs, measured on a part
of the training pictures that was held out, after the best epoch.</p><div class="charts">${[
    lineChart({
      text: { title: "Accuracy on held-out pictures", summary: trials.map(describe).join(", ") },
      x: rateAxis,
      y: { name: "accuracy", percent: true },
      series: [{ name: "accuracy", points: trials.map((t) => [t.rate, t.accuracy]) }, suggested(rate, chosen.accuracy)],
    }),
    lineChart({
      text: { title: "Loss on held-out pictures", summary: "cross-entropy in nats" },
      x: rateAxis,
      y: { name: "loss" },
      series: [{ name: "loss", points: known.map((t) => [t.rate, t.loss]) }, suggested(rate, chosen.loss)],
    }),
  ]}</div>${table(
    "By rate",
    [
      { name: "rate", number: true, cell: (t: RateScore) => formatRate(t.rate) },
      { name: "accuracy", number: true, cell: (t) => formatPercent(t.accuracy) },
      { name: "loss", number: true, cell: (t) => formatLoss(t.loss) },
      { name: "pictures", number: true, cell: (t) => t.pictures },
    ],
    trials,
  )}`;
}

const describe = ({ rate, accuracy }: RateScore): string => `${formatPercent(accuracy)} at ${formatRate(rate)}`;

const methodSection = ({ state }: RateFinding): Html =>
  html`<p>Everything ran on copies and on training pictures only; the pictures to measure on in the end chose nothing. The state of the training, its
weights, its place in the schedule and what its random draws are made from, has the SHA-256 <code>${state.before}</code> before
and <code>${state.after}</code> after.</p>`;
