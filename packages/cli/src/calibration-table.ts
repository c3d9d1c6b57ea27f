/** How honest the probabilities of a model are, for people. */
import { formatTable } from "@tlx/nn";
import type { CalibrationErrors, CalibrationMeasure } from "@tlx/transfer";
import type { Report } from "./report.js";
import { percent } from "./score-table.js";

const number = (value: number): string => value.toFixed(4);

const rows: readonly (readonly [name: string, figure: keyof CalibrationErrors, show: (value: number) => string])[] = [
  ["ECE", "ece", percent],
  ["ECE, bins of equal count", "adaptiveEce", percent],
  ["largest gap of a bin", "mce", percent],
  ["Brier score", "brier", number],
  ["loss", "logLoss", number],
];

export function printCalibration(report: Report, { before, after, temperature, pictures }: CalibrationMeasure): void {
  const table = rows.map(([name, figure, show]) => [name, show(before[figure]), show(after[figure])]);
  report.print(formatTable(["calibration", "before", "after"], table));
  report.print(`temperature of ${pictures} pictures: ${describe(temperature)}`);
}

function describe(temperature: number | undefined): string {
  if (temperature === undefined) return "none, since all of them, or as good as none, are named right";
  return `${temperature.toFixed(3)}, the network was too ${temperature > 1 ? "sure" : "unsure"} of itself`;
}
