import { check } from "@tlx/kernels";

/** What is named positive when all scores of at least `threshold` are. */
export interface RankedCount {
  readonly threshold: number;
  /** Positives among them. */
  readonly hits: number;
  /** Negatives among them. */
  readonly falseAlarms: number;
}

/**
 * One entry per distinct score, the highest first; the last one names all. `labels[i]` is 1 for a positive and 0 for a negative.
 * Throws E_USAGE for lists of different lengths, other labels and scores that are no numbers.
 */
export function rankedCounts(scores: ArrayLike<number>, labels: ArrayLike<number>): RankedCount[] {
  check(
    scores.length === labels.length,
    "E_USAGE",
    () => `ranking: expected a score per label, found ${scores.length} for ${labels.length} labels`,
  );
  const counts: RankedCount[] = [];
  let [hits, falseAlarms] = [0, 0];
  const order = Array.from(labels, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  for (const [rank, i] of order.entries()) {
    const [score, label] = [scores[i]!, labels[i]!];
    check(
      !Number.isNaN(score) && (label === 0 || label === 1),
      "E_USAGE",
      () => `ranking: expected numbers as scores and labels 0 and 1, found score ${score} of label ${label}`,
    );
    if (label === 1) hits++;
    else falseAlarms++;
    // Equal scores are told apart by no threshold.
    if (rank + 1 === order.length || scores[order[rank + 1]!]! !== score) {
      counts.push({ threshold: score, hits, falseAlarms });
    }
  }
  return counts;
}
