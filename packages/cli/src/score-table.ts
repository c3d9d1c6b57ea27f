/** How well classes are told apart, as tables for people. */
import { formatTable } from "@tlx/nn";
import { type ConfusionMatrix, classScores } from "@tlx/transfer";
import { printableName } from "./printable.js";

export const percent = (share: number | undefined): string =>
  share === undefined ? "-" : `${(100 * share).toFixed(1)} %`;

/** A row per class. */
export function formatScores(classes: readonly string[], matrix: ConfusionMatrix): string {
  const rows = classScores(matrix).map((s, c) => [
    printableName(classes[c] as string),
    ...[s.precision, s.recall, s.f1].map(percent),
    s.support,
  ]);
  return formatTable(["class", "precision", "recall", "F1", "pictures"], rows);
}

/** The confusions that happened, the most frequent first: "12 x tulip named daisy". */
export function formatConfusions(classes: readonly string[], matrix: ConfusionMatrix, most = 10): string[] {
  const found = matrix.flatMap((row, label) =>
    row.flatMap((count, predicted) => (count > 0 && predicted !== label ? [{ count, label, predicted }] : [])),
  );
  found.sort((a, b) => b.count - a.count);
  const name = (c: number): string => printableName(classes[c] as string);
  const lines = found.slice(0, most).map((f) => `${f.count} x ${name(f.label)} named ${name(f.predicted)}`);
  return found.length > most ? [...lines, `and ${found.length - most} other kinds`] : lines;
}

/** "88.3 % (135 of 153)" */
export function formatAccuracy(matrix: ConfusionMatrix): string {
  const all = matrix.flat().reduce((a, b) => a + b, 0);
  const right = matrix.reduce((sum, row, c) => sum + (row[c] as number), 0);
  return `${percent(right / all)} (${right} of ${all})`;
}
