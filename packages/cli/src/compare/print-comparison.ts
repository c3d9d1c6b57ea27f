/** A comparison as a table and a few sentences. */
import { formatTable } from "@tlx/nn";
import { type ComparedRow, formatMegabytes, isSameWay, type Way } from "@tlx/transfer";
import type { Report } from "../report.js";
import { percent } from "../score-table.js";
import type { ComparisonFile } from "./comparison-file.js";
import { formatSeconds, namerOf } from "./comparison-progress.js";

export function printComparison(report: Report, found: ComparisonFile): void {
  const name = namerOf(found.rows);
  report.print(formatRows(found.rows, name));
  if (found.rows.some(({ time }) => time?.prepared))
    report.print("* features were in the cache; computing them takes longer");
  report.print("");
  for (const sentence of found.conclusion.sentences) report.print(sentence);
  const command = bestCommand(found);
  if (command !== undefined) report.print(`\n  ${command}`);
}

export const bestCommand = ({ rows, conclusion: { best } }: ComparisonFile): string | undefined =>
  best ? rows.find((row) => isSameWay(row, best))?.command : undefined;

const points = (share: number): string => (100 * share).toFixed(1);

export function formatRows(rows: readonly ComparedRow[], name: (way: Way) => string): string {
  const header = ["", "accuracy", "95 % interval", "seeds differ by", "last epoch", "time", "memory on GPU", "step"];
  return formatTable(
    header,
    rows.map((row) => [name(row), ...cellsOf(row)]),
  );
}

/** Of one way, after its name. */
export function cellsOf({ accuracy, lastAccuracy, time, cost, failures }: ComparedRow): string[] {
  if (!accuracy) return ["failed", failures[0]!.reason, "", "", "", cost ? formatMegabytes(cost.gpuBytes) : "", ""];
  const { low, high, mean, deviation } = accuracy;
  return [
    percent(mean),
    `${points(low)} to ${points(high)}`,
    deviation === null ? "-" : `${points(deviation)} points`,
    percent(lastAccuracy!.mean),
    `${formatSeconds(time!.total)}${time!.prepared ? " *" : ""}`,
    cost ? formatMegabytes(cost.gpuBytes) : "-",
    cost?.step ? `${cost.step.ms.toFixed(1)} ms${cost.step.clock === "wall" ? " (wall)" : ""}` : "-",
  ];
}
