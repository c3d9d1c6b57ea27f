/** The page of a run. */
import path from "node:path";
import { wilsonInterval } from "@tlx/transfer";
import { type Html, html } from "../html/html.js";
import { name } from "../html/name.js";
import { formatPage, type Section } from "../html/page.js";
import { notice, type Tile, tiles } from "../html/parts.js";
import { version } from "../version.js";
import type { Findings } from "./findings.js";
import { gapIn } from "./overfitting.js";
import { calibrationSection } from "./sections/calibration.js";
import { confusionSection, scoresSection } from "./sections/classes.js";
import { curvesSection } from "./sections/curves.js";
import { labelsSection } from "./sections/labels.js";
import { layersSection } from "./sections/layers.js";
import { picturesSection } from "./sections/pictures.js";
import { settingsSection } from "./sections/settings.js";
import { twoClassesSection } from "./sections/two-classes.js";
import { count, plural, points, range, share } from "./sections/words.js";

const parts: readonly (readonly [id: string, title: string, make: (findings: Findings) => Html | undefined])[] = [
  ["training", "Training", curvesSection],
  ["confusions", "Confusions", confusionSection],
  ["classes", "Classes", scoresSection],
  ["thresholds", "Thresholds", twoClassesSection],
  ["confidence", "Confidence", calibrationSection],
  ["pictures", "Pictures", picturesSection],
  ["labels", "Labels and copies", labelsSection],
  ["layers", "Layers", layersSection],
  ["settings", "Settings", settingsSection],
];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function lead(findings: Findings): Html {
  const { matrix, record, calibration, trainCount } = findings;
  const { classes } = record.description;
  const total = matrix.flat().reduce((a, b) => a + b, 0);
  const right = matrix.reduce((sum, row, c) => sum + row[c]!, 0);
  const interval = wilsonInterval(right, total);
  const gap = gapIn(findings);
  const found: Tile[] = [
    { label: "Accuracy", value: total > 0 ? share(right / total) : "–", note: `95 % interval ${range(interval)}` },
    ...(gap
      ? [
          {
            label: "Gap to train",
            value: points(gap.train - gap.val),
            note: gap.verdict === "clear" ? "more than chance explains" : "no clear overfitting",
          },
          { label: "Epoch kept", value: `${gap.epoch} of ${record.epochs.length}`, note: "the best on val" },
        ]
      : []),
    ...(calibration
      ? [
          {
            label: "Calibration error",
            value: share(calibration.before.ece),
            note: "confidence off the share that is right",
          },
        ]
      : []),
    {
      label: "Pictures",
      value: count(total),
      note: trainCount === undefined ? "measured on" : `measured on; ${count(trainCount)} learned from`,
    },
  ];
  return html`<p class="lead">${record.description.architecture} names ${right} of ${plural(total, "picture")} right that it did not learn from, in ${plural(classes.length, "class", "classes")}:
${classes.slice(0, 12).map((c, i) => html`${i > 0 && ", "}${name(c)}`)}${classes.length > 12 && ", …"}.</p>
<p class="soft">These pictures chose the epoch that was kept; on others it may do a little worse.</p>
${tiles(found)}${record.warnings.map(({ message, advice }) => notice("warn", capital(message), `Try: ${advice}.`))}`;
}

/** The whole file. */
export function formatReport(findings: Findings): string {
  const { record } = findings;
  const sections = parts.flatMap(([id, title, make]): Section[] => {
    const body = make(findings);
    return body ? [{ id, title, body }] : [];
  });
  return formatPage({
    title: `Report: ${path.basename(path.resolve(record.folder))}`,
    lead: lead(findings),
    sections,
    foot: html`<p>Made by tlx ${version} from ${name(record.folder, 60)}. This file needs nothing else: it has no script and asks for nothing. docs/report.md tells what each part means.</p>`,
  });
}
