/** Advice as a few short tables. */
import path from "node:path";
import { formatTable } from "@tlx/nn";
import type { Advice, DataScan } from "@tlx/transfer";
import { formatSeconds } from "../compare/comparison-progress.js";
import { printableName } from "../printable.js";
import { UNSURE } from "../report/choose-pictures.js";
import type { Report } from "../report.js";
import { percent } from "../score-table.js";
import type { GivenAdvice } from "./give-advice.js";

const points = (share: number): string => `${share < 0 ? "" : "+"}${(100 * share).toFixed(1)}`;

export function printAdvice(report: Report, dir: string, { scan, advice, command, data }: GivenAdvice): void {
  for (const line of faultsOf(scan, advice, dir, data.classes)) report.warn(line);
  report.print(formatModels(advice));
  report.print("");
  report.print(formatCuts(advice));
  report.print("");
  report.print(formatCurve(advice));
  report.print("");
  const { placement } = advice;
  report.print(`place: ${placement.size.verdict} and ${placement.similarity.verdict}, by ${placement.model}`);
  for (const note of placement.notes) report.print(`  ${note}`);
  report.print(`rule: ${placement.rule}`);
  report.print("");
  report.print(formatWays(advice));
  for (const line of formatTrials(advice)) report.print(line);
  report.print("");
  for (const reason of advice.reasons) report.print(reason);
  report.print(`\n${command}`);
}

/** What the scan and the probe found wrong, a sentence each. */
export function faultsOf(
  scan: DataScan,
  { suspects, models }: Advice,
  dir: string,
  classes: readonly string[],
): string[] {
  const across = scan.duplicates.filter(({ acrossSplits }) => acrossSplits);
  const contrary = scan.duplicates.filter(({ differentLabels }) => differentLabels);
  const within = scan.duplicates.length - across.length;
  const name = (file: string): string => printableName(path.relative(dir, file));
  const { ratio, largest, smallest } = scan.imbalance;
  const lines: string[] = [];
  if (scan.unreadable.length > 0)
    lines.push(`${count(scan.unreadable.length, "picture")} cannot be read, such as ${name(scan.unreadable[0]!.file)}`);
  if (ratio >= IMBALANCED) {
    lines.push(
      `classes are unequal: ${printableName(largest)} has ${ratio.toFixed(1)} times the pictures of ${printableName(smallest)}; --class-weights auto evens that out`,
    );
  }
  if (across.length > 0) {
    const pictures = across.flatMap((group) => group.pictures).filter(({ split }) => split === "val").length;
    lines.push(
      `${count(pictures, "picture")} to measure on ${pictures === 1 ? "has a copy" : "have copies"} among those to learn from, such as ${across[0]!.pictures
        .slice(0, 2)
        .map((p) => name(p.file))
        .join(" and ")}; accuracy on val is too high by them: remove them`,
    );
  }
  if (within > 0) lines.push(`${count(within, "group")} of copies within train or val`);
  if (contrary.length > 0)
    lines.push(
      `${count(contrary.length, "group")} of copies with different labels, such as ${contrary[0]!.pictures.map((p) => name(p.file)).join(" and ")}`,
    );
  const errors = 1 - Math.max(...models.map(({ evidence }) => evidence.probe.accuracy));
  const contradicted = suspects.most.filter(({ confident, margin }) => confident && margin < CONTRADICTED);
  if (contradicted.length > 0 && errors < UNSURE) {
    const shown = contradicted
      .slice(0, 3)
      .map(({ file, suggested }) => `${name(file)} (${printableName(classes[suggested]!)}?)`);
    lines.push(
      `${count(contradicted.length, "label")} clearly contradicted by the linear probe, which errs in ${percent(errors)} of all: look at ${shown.join(", ")}`,
    );
  }
  return lines;
}

const IMBALANCED = 3;
/** Probability of the label less that of another class. */
const CONTRADICTED = -0.5;
const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;

function formatModels({ models, random }: Advice): string {
  const rows = models.map(({ model, inputSize, evidence, similarity }) => [
    model,
    `${inputSize} px`,
    `${percent(evidence.probe.accuracy)} (${percent(evidence.probe.interval.low)} to ${percent(evidence.probe.interval.high)})`,
    percent(evidence.nearest.neighbours),
    percent(evidence.nearest.classMean),
    evidence.logMe.toFixed(3),
    evidence.source ? percent(evidence.source.confidence) : "-",
    similarity.verdict,
  ]);
  const untrained = [`${random.model}, random weights`, "", percent(random.accuracy), "", "", "", "", ""];
  return formatTable(
    ["network", "pictures", "linear probe", "neighbours", "class means", "LogME", "source sure", "source"],
    [...rows, untrained],
  );
}

function formatCuts({ models }: Advice): string {
  const rows = models.flatMap(({ model, evidence }) =>
    evidence.cuts.map(({ name, depth, accuracy, low, high }) => [
      model,
      name,
      `${Math.round(100 * depth)} %`,
      percent(accuracy),
      `${percent(low)} to ${percent(high)}`,
    ]),
  );
  return formatTable(["network", "cut after", "depth", "linear probe", "95 % interval"], rows);
}

function formatCurve({ models }: Advice): string {
  const rows = models.map(({ model, evidence: { curve } }) => [
    model,
    ...curve.points.map(({ pictures, accuracy }) => `${percent(accuracy)} (${Math.round(pictures)})`),
    `${points(curve.gainOfTwice)} points`,
  ]);
  return formatTable(["learning curve", "25 %", "50 %", "75 %", "100 %", "twice as many"], rows);
}

function formatWays({ ways, chosen }: Advice): string {
  const rows = ways.map((way) => [
    way === chosen ? "*" : "",
    way.model,
    way.strategy,
    percent(way.accuracy),
    `${percent(way.low)} to ${percent(way.high)}`,
    formatSeconds(way.seconds),
  ]);
  return formatTable(["", "network", "what learns", "expected on val", "95 % interval", "time"], rows);
}

/** What was tried, and how far that was from the head. */
function formatTrials({ ways }: Advice): string[] {
  return ways.flatMap(({ model, strategy, tried }) => {
    if (!tried) return [];
    const { accuracy, pictures, gain, deviation } = tried;
    const over =
      strategy === "head" ? "" : `, ${percent(gain)} +- ${(196 * deviation).toFixed(0)} of the head's errors less`;
    return [
      `tried: ${strategy} of ${model} named ${percent(accuracy)} of ${pictures} training pictures right that it had not seen${over}`,
    ];
  });
}
