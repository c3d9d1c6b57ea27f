/** What another threshold than a half would give, where there are two classes. */
import { precisionRecallOf, rocOf } from "@tlx/transfer";
import { lineChart, type Point } from "../../charts/line-chart.js";
import { type Html, html } from "../../html/html.js";
import { name } from "../../html/name.js";
import type { Findings } from "../findings.js";
import { share } from "./words.js";

const unit = { min: 0, max: 1, percent: true } as const;
const chance = { colour: 6, dash: [2, 3] };

/** Undefined for other numbers of classes, and where only one of the two was measured on. */
export function twoClassesSection({ judged, record }: Findings): Html | undefined {
  const { classes } = record.description;
  if (classes.length !== 2) return undefined;
  const scores = judged.map((j) => j.probabilities[1]!);
  const labels = judged.map((j) => j.label);
  const roc = rocOf(scores, labels);
  const pr = precisionRecallOf(scores, labels);
  if (!roc || !pr) return undefined;
  const found = pr.points.findIndex((p) => p.recall === 1);
  const ranked = pr.points.slice(0, found + 1);
  const curve: Point[] = [[0, ranked[0]!.precision], ...ranked.map((p): Point => [p.recall, p.precision])];
  const positive = name(classes[1]!);
  return html`<p>A picture is named ${positive} when that is the more probable class. Another threshold than a half finds more of them, or names fewer
that are none: what it would give is a point of these curves. ${positive} counts as positive.</p>
<div class="charts">${lineChart({
    text: {
      title: "ROC",
      summary: `area under the curve ${roc.auc.toFixed(3)}`,
      note: `Area under the curve: ${roc.auc.toFixed(3)} (95 % interval ${roc.interval.low.toFixed(3)} to ${roc.interval.high.toFixed(3)}); 0.5 is chance, 1 is perfect.`,
    },
    square: true,
    x: { name: "wrongly named so", ...unit },
    y: { name: "found", ...unit },
    series: [
      { name: "model", dots: false, points: roc.points.map((p) => [p.falsePositiveRate, p.truePositiveRate]) },
      {
        ...{ name: "chance", dots: false, look: chance },
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  })}${lineChart({
    text: {
      title: "Precision and recall",
      summary: `average precision ${pr.averagePrecision.toFixed(3)}`,
      note: `Average precision: ${pr.averagePrecision.toFixed(3)}; naming all of them so has ${share(pr.baseline)}.`,
    },
    square: true,
    x: { name: "recall", ...unit },
    y: { name: "precision", ...unit },
    series: [
      { name: "model", dots: false, steps: true, points: curve },
      {
        ...{ name: "chance", dots: false, look: chance },
        points: [
          [0, pr.baseline],
          [1, pr.baseline],
        ],
      },
    ],
  })}</div>`;
}
