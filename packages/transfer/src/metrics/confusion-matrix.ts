/** Figures of a classifier on labelled samples, from counts alone. */
import { check } from "@tlx/kernels";

/** `matrix[label][predicted]`: how often a sample of class `label` was named `predicted`. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** Counts pairs. Throws E_USAGE when the two differ in length or hold an index that is no class. */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  check(
    labels.length === predicted.length,
    "E_USAGE",
    () => `confusion matrix: expected a prediction per label, found ${predicted.length} for ${labels.length} labels`,
  );
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i] as number];
    const column = predicted[i] as number;
    check(
      row?.[column] !== undefined,
      "E_USAGE",
      () =>
        `confusion matrix: expected classes from 0 to ${classes - 1}, found label ${labels[i]}, predicted ${column}`,
    );
    row![column]!++;
  }
  return matrix;
}

/** Share of samples on the diagonal; undefined without samples. */
export function accuracyOf(matrix: ConfusionMatrix): number | undefined {
  const all = matrix.flat().reduce((a, b) => a + b, 0);
  const right = matrix.reduce((sum, row, c) => sum + row[c]!, 0);
  return all === 0 ? undefined : right / all;
}
