/** compare.html: what the ways to train gave, in charts and tables. One file, without script or request. */
import {
  type ComparedRow,
  differenceOf,
  formatMegabytes,
  isSameWay,
  type RowDifference,
  SCRATCH,
  type Way,
} from "@tlx/transfer";
import { formatPercent } from "../charts/axes.js";
import { barChart } from "../charts/bar-chart.js";
import { type LineSeries, lineChart } from "../charts/line-chart.js";
import { type Html, html } from "../html/html.js";
import { name as fullName } from "../html/name.js";
import { formatPage } from "../html/page.js";
import { command, tiles } from "../html/parts.js";
import { table } from "../html/table.js";
import type { ComparisonFile } from "./comparison-file.js";
import { formatSeconds, namerOf } from "./comparison-progress.js";
import { bestCommand } from "./print-comparison.js";

type Namer = (way: Way) => string;

export function comparisonPage(found: ComparisonFile): string {
  const name = namerOf(found.rows);
  const { madeBy } = found;
  return formatPage({
    title: `Ways to train on ${nameOf(found.data.folder)}`,
    lead: leadOf(found),
    sections: [
      { id: "accuracy", title: "Accuracy", body: accuracySection(found, name) },
      { id: "curves", title: "How they learn", body: curveSection(found, name) },
      { id: "cost", title: "What they cost", body: costSection(found, name) },
      { id: "differences", title: "Which differences mean something", body: differenceSection(found, name) },
      { id: "method", title: "How this was measured", body: methodSection(found) },
    ],
    foot: html`<p>tlx ${madeBy.tlx}, Node ${madeBy.node}, ${madeBy.adapter}. The numbers behind this page are in compare.json beside it.</p>`,
  });
}

const nameOf = (folder: string): string => folder.split(/[\\/]/).at(-1) || folder;

function points(share: number): string {
  const text = (100 * Math.abs(share)).toFixed(1);
  if (text === "0.0") return text;
  return `${share < 0 ? "−" : "+"}${text}`;
}

const finished = (rows: ComparisonFile["rows"]): ComparisonFile["rows"] => rows.filter(({ accuracy }) => accuracy);

function leadOf(found: ComparisonFile): Html {
  const { conclusion, budget, data } = found;
  const best = bestCommand(found);
  const [first, ...rest] = conclusion.sentences;
  return html`<p class="lead">${first}</p>
${rest.map((sentence) => html`<p>${sentence}</p>`)}
${best !== undefined && html`<p>To train that way:</p>${command(best)}`}
${tiles([
  { label: "ways to train", value: String(found.rows.length) },
  { label: "seeds", value: String(budget.seeds.length), note: "each way with every one" },
  { label: "epochs", value: String(budget.epochs), note: `${budget.epochs * budget.trainPictures} pictures seen` },
  { label: "pictures to measure on", value: String(data.classes.reduce((sum, { val }) => sum + val, 0)) },
])}`;
}

function accuracySection({ rows }: ComparisonFile, name: Namer): Html {
  const done = finished(rows);
  const chart =
    done.length > 0 &&
    barChart({
      text: {
        title: "Accuracy on val",
        summary: done.map((row) => `${name(row)} ${formatPercent(row.accuracy!.mean)}`).join(", "),
        note: "Mean over the seeds of the epoch that is kept, with its 95 % interval.",
      },
      of: "way",
      names: done.map(name),
      series: [
        {
          name: "accuracy",
          bars: done.map(({ accuracy }) => ({ value: accuracy!.mean, low: accuracy!.low, high: accuracy!.high })),
        },
      ],
      x: { name: "accuracy", min: 0, max: 1, percent: true },
    });
  const share = (value: number | null | undefined): string => formatPercent(value ?? undefined);
  return html`${chart && html`<div class="charts">${chart}</div>`}${table(
    "Accuracy on val, over the seeds",
    [
      { name: "way", cell: (row: ComparedRow) => name(row) },
      { name: "accuracy", number: true, cell: ({ accuracy }) => share(accuracy?.mean) },
      {
        name: "95 % interval",
        number: true,
        cell: ({ accuracy }) =>
          accuracy ? `${formatPercent(accuracy.low)} to ${formatPercent(accuracy.high)}` : undefined,
      },
      { name: "seeds differ by", number: true, cell: ({ accuracy }) => share(accuracy?.deviation) },
      { name: "last epoch", number: true, cell: ({ lastAccuracy }) => share(lastAccuracy?.mean) },
      { name: "loss", number: true, cell: ({ loss }) => loss?.mean.toFixed(3) },
      { name: "epochs kept", number: true, cell: ({ bestEpochs }) => bestEpochs.join(", ") },
      ...(rows.some(({ failures }) => failures.length > 0) ? [failureColumn] : []),
    ],
    rows,
  )}`;
}

const failureColumn = {
  name: "failed",
  cell: ({ failures }: ComparedRow): string => failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`).join("; "),
};

function curveSection({ rows, budget }: ComparisonFile, name: Namer): Html {
  const done = finished(rows);
  if (done.length === 0) return html`<p>No training came to its end.</p>`;
  const seriesOf = (x: "pictures" | "seconds", y: "valAccuracy" | "valLoss"): LineSeries[] =>
    done.map((row) => ({
      name: name(row),
      points: row.curve.map((point) => [point[x], point[y]]),
      ...(y === "valAccuracy" && { band: row.curve.map((point) => [point[x], point.lowest, point.highest]) }),
    }));
  const area =
    budget.seeds.length > 1
      ? "The lines are means over the seeds, the areas reach from the lowest to the highest."
      : undefined;
  const share = { name: "accuracy on val", percent: true };
  return html`<p>All ways see the same pictures equally often; they differ in how long that takes.</p><div class="charts">${[
    lineChart({
      text: { title: "By pictures seen", summary: "accuracy on val after every epoch", ...(area && { note: area }) },
      x: { name: "training pictures seen" },
      y: share,
      series: seriesOf("pictures", "valAccuracy"),
    }),
    lineChart({
      text: {
        title: "By time",
        summary: "accuracy on val against the seconds that training took",
        note: "Seconds since the start, with the features of frozen layers computed anew.",
      },
      x: { name: "seconds" },
      y: share,
      series: seriesOf("seconds", "valAccuracy"),
    }),
    lineChart({
      text: { title: "Loss by pictures seen", summary: "cross-entropy on val after every epoch" },
      x: { name: "training pictures seen" },
      y: { name: "loss on val" },
      series: seriesOf("pictures", "valLoss"),
    }),
  ]}</div>`;
}

function costSection({ rows }: ComparisonFile, name: Namer): Html {
  const done = finished(rows);
  const bytes = (value: number | null | undefined): string | undefined => (value ? formatMegabytes(value) : undefined);
  const prepared = done.some(({ time }) => time!.prepared);
  const stepOf = ({ cost }: ComparedRow): string | undefined =>
    cost?.step ? `${cost.step.ms.toFixed(1)} ms${cost.step.clock === "wall" ? " on the wall" : ""}` : undefined;
  const chart = (title: string, axis: string, value: (row: ComparedRow) => number | undefined): Html =>
    barChart({
      text: { title, summary: done.map((row) => `${name(row)} ${value(row)?.toFixed(1) ?? "unknown"}`).join(", ") },
      of: "way",
      names: done.map(name),
      series: [{ name: axis, bars: done.map((row) => ({ value: value(row) })) }],
      x: { name: axis, min: 0 },
    });
  return html`${
    done.length > 0 &&
    html`<div class="charts">${[
      chart("Time of a training", "seconds", ({ time }) => time!.total),
      chart("Memory on the GPU", "megabytes", ({ cost }) => (cost ? cost.gpuBytes / 1e6 : undefined)),
    ]}</div>`
  }${table(
    "Of one training",
    [
      { name: "way", cell: (row: ComparedRow) => name(row) },
      {
        name: "before step 1",
        number: true,
        cell: ({ time }) => (time ? formatSeconds(time.prepare) + (time.prepared ? " *" : "") : undefined),
      },
      { name: "all epochs", number: true, cell: ({ time }) => (time ? formatSeconds(time.train) : undefined) },
      {
        name: "CPU time",
        number: true,
        cell: ({ cpuSeconds }) => (cpuSeconds ? formatSeconds(cpuSeconds) : undefined),
      },
      { name: "pictures seen", number: true, cell: ({ pictures }) => pictures ?? undefined },
      { name: "learns", number: true, cell: ({ cost }) => cost?.learns.toLocaleString("en-US") },
      { name: "GPU memory", number: true, cell: ({ cost }) => bytes(cost?.gpuBytes) },
      { name: "process", number: true, cell: ({ processBytes }) => bytes(processBytes) },
      { name: "GPU step", number: true, cell: stepOf },
    ],
    rows,
  )}
${prepared && html`<p class="soft">* Features were in the cache from earlier; computing them takes longer.</p>`}
<p class="soft">Before the first step features are computed and kernels compiled. CPU time is that of all threads, the mean over the seeds; unlike the others it does not grow on a busy machine. What learns is a count of numbers. GPU memory is what was planned: weights, intermediate values, what learns with its moments. That of the process is the most that was
seen meanwhile; it holds what earlier trainings of this comparison left. A step is one batch of pictures, timed by the GPU's timestamps; “on the wall”: it has none
that can be used, and time was taken until it was idle.</p>`;
}

function differenceSection({ rows, differences, conclusion: { best } }: ComparisonFile, name: Namer): Html {
  const done = finished(rows);
  if (!best || done.length < 2) return html`<p>There are no two ways to compare.</p>`;
  const scratchOf = ({ model }: Way): Way | undefined =>
    done.find((row) => row.model === model && row.strategy === SCRATCH);
  const write = (found: RowDifference | undefined): Html | undefined =>
    found && html`${points(found.mean)} (${points(found.low)} to ${points(found.high)}) ${verdictOf(found)}`;
  const between = (a: Way, b: Way | undefined): Html | undefined =>
    b && !isSameWay(a, b) ? write(differenceOf(differences, a, b)) : undefined;
  return html`<p>Differences are of trainings with the same seed, measured on the same pictures, in points of 100. A difference is told apart from none
where its 95 % interval, in brackets, leaves out 0.</p>${table(
    "Points above the others",
    [
      { name: "way", cell: (row: ComparedRow) => name(row) },
      { name: `above ${name(best)}, the best`, cell: (row) => between(row, best) },
      { name: "above from scratch", cell: (row) => between(row, scratchOf(row)) },
    ],
    done,
  )}<details><summary>Every two ways</summary>${table(
    "Points of the first above the second",
    [
      { name: "first", cell: ({ a }: RowDifference) => name(a) },
      { name: "second", cell: ({ b }) => name(b) },
      { name: "difference", cell: write },
    ],
    differences,
  )}</details>`;
}

function verdictOf({ low, high }: RowDifference): Html {
  if (low > 0) return html`<span class="good">better</span>`;
  return high < 0 ? html`<span class="bad">worse</span>` : html`<span class="soft">not told apart</span>`;
}

function methodSection({ data, budget }: ComparisonFile): Html {
  const { classes, origin } = data;
  const split =
    origin === "folders"
      ? "val is a folder of its own, the same for every seed"
      : "there is no val folder, so every seed draws another part of each class to measure on, the same for all ways";
  const total = (of: "train" | "val"): number => classes.reduce((sum, one) => sum + one[of], 0);
  return html`<p>Pictures are those of <code>${data.folder}</code>; ${split}. Every way was trained for ${budget.epochs} epochs with seeds
${budget.seeds.join(", ")} and the settings that <code>tlx train</code> has for it. The accuracy is that of the epoch which val chose, as tlx train
keeps it, so pictures that chose nothing may do a little worse; the last epoch is shown beside it.</p>
<p>An interval counts two things that chance decides: the spread of the seeds (Student's t) and how many pictures were measured on (Wilson's
interval; for differences the pictures on which only one of two is right). With few seeds the first part is wide, with few pictures the second.</p>
<details><summary>Pictures by class</summary>${table(
    origin === "folders" ? "Pictures" : "Pictures, as split by the first seed",
    [
      { name: "class", cell: ({ name }) => fullName(name) },
      { name: "train", number: true, cell: ({ train }) => train },
      { name: "val", number: true, cell: ({ val }) => val },
    ],
    [...classes, { name: "all", train: total("train"), val: total("val") }],
  )}</details>`;
}
