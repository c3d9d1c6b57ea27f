/**
 * How sure figures on a few hundred pictures are.
 *
 *   interval of a share       Wilson's, 95 %
 *   interval of a difference  mean +- 1.96 deviations of it, over the pictures that both trainings were measured on
 */

const z = 1.96;

/**
 * @typedef {object} Measured
 * @property {string} title
 * @property {ReadonlyMap<string, boolean>} right by picture that was held back: was it named right?
 * @property {number} seconds
 * @property {number} trained numbers that learned
 */

/** @param {Measured} training */
export const accuracyOf = ({ right }) => [...right.values()].filter(Boolean).length / right.size;

/**
 * Where the accuracy on other pictures of this kind is, with 95 % certainty.
 * @param {Measured} training
 * @returns {readonly [number, number]}
 */
export function intervalOf(training) {
  const n = training.right.size;
  const p = accuracyOf(training);
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n);
  return [middle - half, middle + half];
}

/**
 * By how much `a` is more accurate than `b`. Measured on the same pictures, what is easy or hard for both cancels.
 * @param {Measured} a
 * @param {Measured} b
 * @returns {{ mean: number, low: number, high: number }}
 */
export function differenceOf(a, b) {
  const files = [...a.right.keys()].filter((file) => b.right.has(file));
  const differences = files.map((file) => Number(a.right.get(file)) - Number(b.right.get(file)));
  const mean = differences.reduce((sum, d) => sum + d, 0) / files.length;
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (files.length - 1);
  const half = z * Math.sqrt(variance / files.length);
  return { mean, low: mean - half, high: mean + half };
}

/** @param {number} share */
const points = (share) => (100 * share).toFixed(1);

/**
 * Is one more accurate than the other beyond what these few pictures leave to chance?
 * @param {Measured} a
 * @param {Measured} b
 */
function compare(a, b) {
  const { mean, low, high } = differenceOf(a, b);
  const [from, to] = mean < 0 ? [-high, -low] : [low, high];
  const range = `95 % interval ${points(from)} to ${points(to)}`;
  if (mean === 0) return `${a.title} is as accurate as ${b.title} (${range})`;
  const found = `${a.title} is ${points(Math.abs(mean))} points ${mean < 0 ? "less" : "more"} accurate than ${b.title}`;
  return from > 0 ? `${found} (${range})` : `${found}, which may be chance (${range})`;
}

/** @param {string} text */
const capital = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/**
 * The more accurate of the trainings that began from pretrained weights; of equals the quicker.
 * @template {Measured} T
 * @param {readonly T[]} trainings
 * @returns {T}
 */
export const pickBest = (trainings) =>
  trainings.toSorted((a, b) => accuracyOf(b) - accuracyOf(a) || a.seconds - b.seconds)[0] ?? never();

/** @returns {never} */
function never() {
  throw new Error("expected a training");
}

/**
 * What the figures say, in sentences that hold whichever training did best.
 * @param {{ scratch: Measured, features: Measured, fineTuned: Measured }} trainings
 */
export function explain({ scratch, features, fineTuned }) {
  const best = pickBest([features, fineTuned]);
  const times = fineTuned.seconds / features.seconds;
  const effort = times >= 1 ? `it took ${times.toFixed(1)} times as long` : `it took ${points(times)} % of the time`;
  return [
    capital(compare(best, scratch)),
    capital(
      `${compare(fineTuned, features)}; ${effort} and changed ${fineTuned.trained.toLocaleString("en-US")} numbers in place of ${features.trained.toLocaleString("en-US")}`,
    ),
  ];
}

/**
 * A row for each training.
 * @param {readonly Measured[]} trainings
 */
export function formatTable(trainings) {
  const rows = trainings.map((training) => [
    training.title,
    `${points(accuracyOf(training))} %`,
    intervalOf(training).map(points).join(" to "),
    training.seconds.toFixed(1),
    training.trained.toLocaleString("en-US"),
  ]);
  const all = [["training", "accuracy", "95 % interval", "seconds", "numbers trained"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .join("\n");
}
