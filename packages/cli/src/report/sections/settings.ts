/** How pictures were prepared, what was chosen, and on what it ran. */
import path from "node:path";
import { type Html, html } from "../../html/html.js";
import { fileName } from "../../html/name.js";
import { command } from "../../html/parts.js";
import { table } from "../../html/table.js";
import { quoteForShell } from "../../printable.js";
import type { Findings } from "../findings.js";
import { plural } from "./words.js";

const MOST_SKIPPED = 20;

type Entry = readonly [name: string, value: unknown];

const write = (value: unknown): Html | string => {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const entries = (caption: string, rows: readonly Entry[]): Html =>
  table(
    caption,
    [
      { name: "entry", cell: ([entry]) => html`<code>${entry}</code>` },
      { name: "value", cell: ([, value]) => html`<span class="long">${write(value)}</span>` },
    ],
    rows,
  );

export function settingsSection({ record, model }: Findings): Html {
  const { description, config, madeBy, skipped, folder } = record;
  const { preprocess } = description;
  const steps: readonly Entry[] = [
    ["resize, shorter side", `${preprocess.resize} px, ${preprocess.filter ?? "bilinear"}, antialiased`],
    ["centre crop", `${preprocess.crop} x ${preprocess.crop} px`],
    ["mean of red, green, blue", preprocess.mean.join(", ")],
    ["standard deviation", preprocess.std.join(", ")],
    ["layout", "NHWC, float32"],
  ];
  return html`<div class="charts"><div>${entries("Preprocessing, as every program that runs the model must do it", steps)}</div>
<div>${entries("Environment", [
    ["network", `${model.card.title} (${description.architecture})`],
    ["weights SHA-256", description.weightsSha256],
    ...Object.entries(madeBy),
  ])}</div></div>
${
  skipped.length > 0 &&
  html`<details><summary>${plural(skipped.length, "file")} left out</summary>${table(
    "Files that were left out, and why",
    [
      { name: "file", cell: (s) => fileName(s.file) },
      { name: "reason", cell: (s) => s.reason },
    ],
    skipped.slice(0, MOST_SKIPPED),
  )}${skipped.length > MOST_SKIPPED && html`<p>and ${skipped.length - MOST_SKIPPED} more in skipped.csv</p>`}</details>`
}<details><summary>The whole configuration</summary>${entries("config.json", Object.entries(config))}</details>
<p>The same run once more:</p>${command(`tlx train --config ${quoteForShell(path.join(folder, "config.json"))}`)}`;
}
