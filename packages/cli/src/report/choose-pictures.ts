/** Which pictures are worth a look. */
import { findSuspects } from "@tlx/transfer";
import type { Judged } from "./measure-run.js";

/** Named wrong, the surest first. */
export const worstMistakes = (judged: readonly Judged[], most: number): Judged[] =>
  judged
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, most);

/** Probability of the class it was named less that of the next one. */
export function leadOf({ probabilities, confidence, predicted }: Judged): number {
  let next = 0;
  for (let c = 0; c < probabilities.length; c++) {
    if (c !== predicted && probabilities[c]! > next) next = probabilities[c]!;
  }
  return confidence - next;
}

/** Those of which the two most probable classes are nearest to each other. */
export const mostUncertain = (judged: readonly Judged[], most: number): Judged[] =>
  [...judged].sort((a, b) => leadOf(a) - leadOf(b)).slice(0, most);

/** What errs in so many pictures cannot accuse a label. */
export const UNSURE = 0.35;

/** A picture whose label may be wrong. */
export interface SuspectPicture extends Judged {
  readonly suggested: number;
}

export interface SuspectPictures {
  readonly looked: number;
  /** Named otherwise than they are labelled. */
  readonly contradicted: number;
  /** Labels that are probably wrong, of those looked at. */
  readonly estimated: number;
  /** The most suspect first. */
  readonly pictures: readonly SuspectPicture[];
}

/** Of pictures that were judged by models which had not learned from them. */
export function suspectPictures(judged: readonly Judged[], most: number): SuspectPictures {
  const { ranked, estimatedErrors } = findSuspects(
    judged.map((j) => j.probabilities),
    judged.map((j) => j.label),
  );
  const suspects = ranked.filter(({ confident, margin }) => confident && margin < 0);
  return {
    looked: judged.length,
    contradicted: judged.filter(({ label, predicted }) => label !== predicted).length,
    estimated: estimatedErrors,
    pictures: suspects.slice(0, most).map(({ index, suggested }) => ({ ...judged[index]!, suggested })),
  };
}
