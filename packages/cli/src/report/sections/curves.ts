/** How training went, and how much better it knows what it learned from. */
import { lineChart, type Point } from "../../charts/line-chart.js";
import { type Html, html } from "../../html/html.js";
import { notice } from "../../html/parts.js";
import type { Findings } from "../findings.js";
import { type Gap, gapIn } from "../overfitting.js";
import type { EpochRow } from "../run-record.js";
import { points, range, share } from "./words.js";

const advice =
  "What helps, in this order: more pictures; changed ones (--augment light, docs/augmentation.md); fewer layers that learn, or slower ones (--unfreeze, --base-rate); a smaller rate or more --weight-decay.";

/** What the gap between the two curves says. */
export function describeGap({ epoch, train, val, interval, verdict, risesAfter }: Gap): Html {
  const figures = `At epoch ${epoch}, the one that was kept, ${share(train)} of what it learned from is named right and ${share(val)} of what it was measured on`;
  const rise =
    risesAfter === undefined
      ? ""
      : ` After epoch ${risesAfter} the loss on val rises: what it learns from there on is true of its own pictures only.`;
  if (verdict === "clear") {
    return notice(
      "warn",
      risesAfter === undefined
        ? `An overfitting gap of ${points(train - val)}`
        : `It overfits: a gap of ${points(train - val)}`,
      `${figures}; the 95 % interval of the latter, ${range(interval)}, does not reach the former.${rise || " The loss on val does not rise: it does no harm yet."} ${advice}`,
    );
  }
  if (verdict === "unclear") {
    return notice(
      "note",
      `A gap of ${points(train - val)}, which may be chance`,
      `${figures}. With so few pictures to measure on, the true accuracy may be anywhere from ${range(interval)}.${rise}`,
    );
  }
  const title = train > val ? `Hardly a gap: ${points(train - val)}` : "No gap";
  return notice("note", title, `${figures}: it does not know its own pictures better than others.${rise}`);
}

const pick = (rows: readonly EpochRow[], of: (row: EpochRow) => number): Point[] =>
  rows.map((row) => [row.epoch, of(row)]);

export function curvesSection(findings: Findings): Html {
  const { epochs } = findings.record;
  const gap = gapIn(findings);
  if (!gap) return html`<p>The run has no figures of its epochs.</p>`;
  const x = { name: "epoch", whole: true, min: Math.min(...epochs.map((e) => e.epoch)) };
  const marks = [{ x: gap.epoch, label: `kept: ${gap.epoch}` }];
  const rates = new Set(epochs.map((e) => e.learningRate.toPrecision(3)));
  return html`${describeGap(gap)}
<div class="charts">${lineChart({
    text: {
      title: "Accuracy",
      summary: `${share(gap.train)} on train and ${share(gap.val)} on val at epoch ${gap.epoch} of ${epochs.length}`,
      note: "Share named right after each epoch. The shaded part between the lines is the gap.",
    },
    ...{ x, marks },
    y: { name: "named right", percent: true, max: 1 },
    series: [
      { name: "train", points: pick(epochs, (e) => e.trainAccuracy) },
      {
        name: "val",
        points: pick(epochs, (e) => e.valAccuracy),
        band: epochs.map((e) => [e.epoch, e.valAccuracy, Math.max(e.valAccuracy, e.trainAccuracy)]),
      },
    ],
  })}${lineChart({
    text: {
      title: "Loss",
      summary: `from ${epochs[0]!.valLoss.toFixed(3)} on val to ${epochs.at(-1)!.valLoss.toFixed(3)}`,
      note: "Cross-entropy in nats. That on train is the mean over an epoch's steps, on changed pictures where --augment changes them.",
    },
    ...{ x, marks },
    y: { name: "loss", min: 0 },
    series: [
      { name: "train", points: pick(epochs, (e) => e.loss) },
      { name: "val", points: pick(epochs, (e) => e.valLoss) },
    ],
  })}${
    rates.size > 1 &&
    lineChart({
      text: { title: "Learning rate", summary: "by the schedule", note: "Of the last step of each epoch." },
      x,
      y: { name: "rate", min: 0 },
      series: [{ name: "rate", points: pick(epochs, (e) => e.learningRate), look: { colour: 3, dash: [] } }],
    })
  }</div>`;
}
