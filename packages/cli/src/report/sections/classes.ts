/** What is taken for what, and how well each class is told apart. */
import { type ClassIntervals, type ClassScores, classIntervals, classScores, type Interval } from "@tlx/transfer";
import { barChart } from "../../charts/bar-chart.js";
import { heatMap } from "../../charts/heat-map.js";
import { type Html, html } from "../../html/html.js";
import { name } from "../../html/name.js";
import { table } from "../../html/table.js";
import type { Findings } from "../findings.js";
import { count, plural, range, share } from "./words.js";

const MOST_CONFUSIONS = 8;
/** More classes than these make no matrix that could be read. */
const MOST_CLASSES = 40;
const MOST_DRAWN = 30;

export function confusionSection({ matrix, record }: Findings): Html {
  const { classes } = record.description;
  const found = matrix
    .flatMap((row, is) => row.map((n, named) => ({ is, named, n })))
    .filter(({ is, named, n }) => is !== named && n > 0)
    .sort((a, b) => b.n - a.n);
  const totals = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const wrong = found.reduce((sum, { n }) => sum + n, 0);
  const frequent =
    found.length > 0 &&
    table(
      "The most frequent confusions",
      [
        { name: "is", cell: ({ is }) => name(classes[is]!) },
        { name: "was named", cell: ({ named }) => name(classes[named]!) },
        { name: "pictures", number: true, cell: ({ n }) => count(n) },
        { name: "of its class", number: true, cell: ({ is, n }) => share(n / totals[is]!) },
      ],
      found.slice(0, MOST_CONFUSIONS),
    );
  const drawn =
    classes.length <= MOST_CLASSES &&
    heatMap({
      text: {
        title: "Confusion matrix",
        summary: `${plural(wrong, "picture")} named wrong, the others on the diagonal`,
        note: "A row for what the pictures show, a column for what they were named. Depth: share of the row.",
      },
      rows: { name: "is", names: classes },
      columns: { name: "was named", names: classes },
      values: matrix,
      depth: (value, row) => (totals[row] === 0 ? 0 : value / totals[row]!),
      format: count,
    });
  return html`${wrong === 0 && html`<p>All pictures were named right.</p>`}<div class="charts">${drawn}<div>${frequent}</div></div>`;
}

const withRange = (value: number | undefined, interval: Interval | undefined): Html =>
  html`${share(value)}${interval && html` <span class="soft">${range(interval)}</span>`}`;

interface ScoredClass extends ClassScores {
  readonly c: number;
  readonly interval: ClassIntervals;
}

const tableOf = (classes: readonly string[], rows: readonly ScoredClass[]): Html =>
  table(
    "Precision, recall and F1 with 95 % intervals",
    [
      { name: "class", cell: ({ c }) => name(classes[c]!) },
      { name: "precision", number: true, cell: (r) => withRange(r.precision, r.interval.precision) },
      { name: "recall", number: true, cell: (r) => withRange(r.recall, r.interval.recall) },
      { name: "F1", number: true, cell: (r) => withRange(r.f1, r.interval.f1) },
      { name: "pictures", number: true, cell: (r) => count(r.support) },
    ],
    rows,
  );

export function scoresSection({ matrix, record }: Findings): Html {
  const { classes } = record.description;
  const scores = classScores(matrix);
  const intervals = classIntervals(matrix);
  const rows = scores.map((score, c) => ({ ...score, interval: intervals[c]!, c }));
  const weakest = rows.filter((r) => r.f1 !== undefined).sort((a, b) => a.f1! - b.f1!);
  const worst = weakest[0];
  const many = classes.length > MOST_CLASSES;
  const drawn = many ? weakest.slice(0, MOST_DRAWN) : rows;
  const scoreTable = tableOf(classes, rows);
  return html`<p>Precision: of those named so, how many are. Recall: of those that are, how many were named so. F1 is between the two.
The ranges are 95 % intervals: the fewer pictures, the wider. ${worst && worst.f1! < 1 && html`The weakest class is ${name(classes[worst.c]!)}.`}</p>
<div class="charts">${barChart({
    text: {
      title: many ? `F1 of the ${MOST_DRAWN} weakest classes` : "F1 by class",
      summary: drawn.map((r) => `${classes[r.c]} ${share(r.f1)}`).join(", "),
      note: "With 95 % intervals.",
    },
    of: "class",
    names: drawn.map((r) => classes[r.c]!),
    x: { name: "F1", percent: true, min: 0, max: 1 },
    series: [{ name: "F1", bars: drawn.map((r) => ({ value: r.f1, ...r.interval.f1 })) }],
  })}</div>
${many ? html`<details><summary>All ${classes.length} classes</summary>${scoreTable}</details>` : scoreTable}`;
}
