/** Whether the probabilities mean what they say. */
import path from "node:path";
import { reliabilityDiagram } from "../../charts/reliability-diagram.js";
import { type Html, html } from "../../html/html.js";
import { command } from "../../html/parts.js";
import { table } from "../../html/table.js";
import { quoteForShell } from "../../printable.js";
import type { Findings } from "../findings.js";
import { points, share } from "./words.js";

/** Below this a temperature is not worth another model. */
const WORTH = 0.01;

export function calibrationSection({ calibration, record }: Findings): Html | undefined {
  if (!calibration) return undefined;
  const { before, after, temperature, pictures } = calibration;
  const { folder, calibration: stored } = record;
  const sure =
    before.bins.reduce((sum, b) => sum + b.pictures * ((b.confidence ?? 0) - (b.accuracy ?? 0)), 0) / pictures;
  const direction = sure > 0 ? "surer than it is right" : "less sure than it is right";
  const helps = temperature !== undefined && before.ece - after.ece > WORTH;
  const rows = [
    ["expected calibration error (ECE), 15 bins", share(before.ece), share(after.ece)],
    ["the same, bins of equal count", share(before.adaptiveEce), share(after.adaptiveEce)],
    ["largest error of a bin", share(before.mce), share(after.mce)],
    ["Brier score", before.brier.toFixed(4), after.brier.toFixed(4)],
    ["log loss, nats", before.logLoss.toFixed(4), after.logLoss.toFixed(4)],
  ] as const;
  return html`<p>On average it is ${direction}, by ${points(Math.abs(sure))}. The expected calibration error is ${share(before.ece)}: by so much
do confidence and accuracy differ, over all pictures.${stored && html` Its last layer was divided by a temperature of ${stored.temperature.toFixed(3)} already (--calibrate).`}</p>
<div class="charts">${reliabilityDiagram({
    text: {
      title: "Reliability",
      summary: `expected calibration error ${share(before.ece)}`,
      note: "Pictures by how sure the model was. Bars below the dotted line: surer than right. The fainter, the fewer pictures; whiskers: 95 % intervals.",
    },
    bins: before.bins.map(({ low, high, pictures: n, confidence, accuracy, interval }) => ({
      ...{ from: low, to: high, count: n, confidence, accuracy },
      ...(interval && { low: interval.low, high: interval.high }),
    })),
  })}<div><h3>Temperature scaling</h3>
${
  temperature === undefined
    ? html`<p>No temperature can be told: all of the ${pictures} pictures, or as good as none, are named right.</p>`
    : html`<p>Dividing the last layer by ${temperature.toFixed(3)} ${helps ? "makes the probabilities more honest" : "does not make the probabilities clearly more honest here"}; what is named stays the same.
The figures “with it” are of halves of the pictures that the temperature was not fitted on.</p>`
}${
  helps &&
  html`<p>To write a model with it:</p>${command(`tlx calibrate ${quoteForShell(folder)} --out ${quoteForShell(`${path.join(folder, ".").replace(/[\\/]$/, "")}-calibrated`)}`)}`
}${table(
  "How honest the probabilities are: the smaller, the better",
  [
    { name: "figure", cell: ([figure]) => figure },
    { name: "as it is", number: true, cell: ([, now]) => now },
    { name: "with it", number: true, cell: ([, , then]) => (temperature === undefined ? undefined : then) },
  ],
  rows,
)}</div></div>`;
}
