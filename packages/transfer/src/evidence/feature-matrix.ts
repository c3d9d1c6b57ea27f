/** Features of pictures, one row each, and the class of every row. */
import { check } from "@tlx/kernels";

export interface LabelledFeatures {
  /** Rows one after the other. */
  readonly data: Float32Array | Float64Array;
  /** Elements of a row. */
  readonly width: number;
  /** Class of each row, an index. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

export const rowsOf = ({ data, width }: Pick<LabelledFeatures, "data" | "width">): number => data.length / width;

/** Throws E_SHAPE for labels and rows of different number, a label outside of the classes, and features that are no numbers. */
export function checkFeatures({ data, width, labels, classes }: LabelledFeatures): void {
  check(
    width > 0 && data.length === labels.length * width,
    "E_SHAPE",
    () =>
      `evidence: expected ${labels.length} rows of ${width} features, one for each label, found ${data.length} numbers`,
  );
  const odd = Array.from(labels).find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  check(odd === undefined, "E_SHAPE", () => `evidence: expected labels from 0 to ${classes - 1}, found ${odd}`);
  check(
    data.every(Number.isFinite),
    "E_SHAPE",
    () => "evidence: expected features that are numbers, found NaN or infinity",
  );
}

/** The rows at `places`, in their order. */
export function takeRows(features: LabelledFeatures, places: ArrayLike<number>): LabelledFeatures {
  const { data, width, labels, classes } = features;
  const taken =
    data instanceof Float64Array ? new Float64Array(places.length * width) : new Float32Array(places.length * width);
  for (let i = 0; i < places.length; i++) {
    const from = (places[i] as number) * width;
    taken.set(data.subarray(from, from + width), i * width);
  }
  return { data: taken, width, labels: Array.from(places, (place) => labels[place] as number), classes };
}

/** Rows of each class, by class. */
export function rowsByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const rows: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) rows[labels[i] as number]!.push(i);
  return rows;
}
