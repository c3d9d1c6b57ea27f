/**
 * Pictures whose label is probably wrong, by what models that have not seen them say.
 *
 *   t[j]       mean probability of class j over the pictures labelled j: what is usual for the class
 *   counted    a picture labelled i counts for the class j of the largest probability among those with p[j] >= t[j]
 *   joint      counts of i and j, each row scaled to the number of pictures labelled i
 *   errors     what lies off the diagonal of the joint
 *   margin     probability of the label - the largest other one, from -1 to 1: the order of suspicion
 *
 * Source   Northcutt, Jiang and Chuang 2021 (confident learning): the joint of section 3.1, the order of section 3.2
 */
import { check } from "@tlx/kernels";

export interface Suspect {
  /** Of the picture. */
  readonly index: number;
  readonly label: number;
  /** The most probable other class. */
  readonly suggested: number;
  /** Probability of the label less that of the suggested class. */
  readonly margin: number;
  /** Did it count for another class than that of its label? Few are that, and most of these are wrong. */
  readonly confident: boolean;
}

export interface Suspects {
  /** All pictures, the most suspect first. */
  readonly ranked: readonly Suspect[];
  /** How many labels are wrong, as the joint estimates it. */
  readonly estimatedErrors: number;
  /** `joint[i][j]`: estimated number of pictures labelled i that are of class j. */
  readonly joint: readonly (readonly number[])[];
}

/** Mean probability of each class over the pictures labelled so; infinity for a class without any. */
function usualOf(rows: readonly ArrayLike<number>[], labels: ArrayLike<number>, classes: number): number[] {
  const sums = new Array<number>(classes).fill(0);
  const counts = new Array<number>(classes).fill(0);
  for (const [i, row] of rows.entries()) {
    sums[labels[i]!]! += row[labels[i]!]!;
    counts[labels[i]!]!++;
  }
  return sums.map((sum, c) => (counts[c] === 0 ? Number.POSITIVE_INFINITY : sum / counts[c]!));
}

/** The class of the largest value among those that `allows` it, the first of equal ones; undefined where none does. */
function largest(row: ArrayLike<number>, allows: (c: number) => boolean): number | undefined {
  let best: number | undefined;
  for (let c = 0; c < row.length; c++) if (allows(c) && (best === undefined || row[c]! > row[best]!)) best = c;
  return best;
}

/**
 * `rows` hold a probability of every class per picture, by models that were trained without it; labels that a model has seen
 * look right to it. Throws E_USAGE for rows and labels that do not fit each other.
 */
export function findSuspects(rows: readonly ArrayLike<number>[], labels: ArrayLike<number>): Suspects {
  const classes = rows[0]?.length ?? 0;
  check(
    classes >= 2 &&
      rows.length === labels.length &&
      rows.every((row, i) => row.length === classes && labels[i]! in row),
    "E_USAGE",
    () =>
      `suspects: expected a row of probabilities of two or more classes per label, found ${rows.length} rows of ${classes} for ${labels.length} labels`,
  );
  const usual = usualOf(rows, labels, classes);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const found = rows.map((row, index): Suspect => {
    const label = labels[index]!;
    const counted = largest(row, (c) => row[c]! >= usual[c]!);
    if (counted !== undefined) counts[label]![counted]!++;
    const suggested = largest(row, (c) => c !== label)!;
    const margin = row[label]! - row[suggested]!;
    return { index, label, suggested, margin, confident: counted !== undefined && counted !== label };
  });
  const joint = counts.map((row, label) => {
    const sum = row.reduce((a, b) => a + b);
    const all = found.filter((s) => s.label === label).length;
    return row.map((count, c) => (sum > 0 ? (count / sum) * all : c === label ? all : 0));
  });
  const wrong = joint.map((row, label) => row.reduce((sum, count, c) => sum + (c === label ? 0 : count), 0));
  return {
    ranked: found.sort((a, b) => a.margin - b.margin || a.index - b.index),
    estimatedErrors: wrong.reduce((a, b) => a + b),
    joint,
  };
}
