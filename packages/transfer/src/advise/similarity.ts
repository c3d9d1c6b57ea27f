/**
 * Are the pictures like those a network learned from? Three measurements vote, each by a threshold; one that cannot be made abstains.
 *
 *   depth       does depth pay: error that the probe at the last cut saves over the best probe at half depth or before
 *               (last - early) / (1 - early)                                                     similar from 0.2
 *   lift        does pretraining pay: the same over the best probe on a network of random weights
 *               (last - random) / (1 - random)                                                   similar from 0.4
 *   confidence  mean largest probability of the source classifier, at the size it was made for   similar from 0.38
 *
 * The majority says where the set lies; a tie says different, which asks for more of the network to learn.
 *
 * Source   depth: Yosinski et al. 2014 (late layers are special to their task); lift: Raghu et al. 2019 (against random features);
 *          confidence: Hendrycks and Gimpel 2017. Thresholds lie between what was measured on sets of photos and of X-rays with
 *          MobileNetV2 and tlx-nano: docs/advise.md
 */
import type { NetworkEvidence } from "../evidence/measure-network.js";

export interface SimilarityVote {
  readonly name: "depth" | "lift" | "confidence";
  readonly value: number;
  readonly threshold: number;
  readonly says: "similar" | "different";
}

export interface Similarity {
  readonly verdict: "similar" | "different";
  readonly votes: readonly SimilarityVote[];
  /** Do all votes agree? */
  readonly unanimous: boolean;
}

/** Where "early" ends. */
const HALF = 0.6;

const LEAST_ERROR = 0.02;

const thresholds = { depth: 0.2, lift: 0.4, confidence: 0.38 } as const;

/** `random` is the best probe of an untrained network; `native`: are the pictures of the size the network was made for? */
export function judgeSimilarity(
  { cuts, source }: Pick<NetworkEvidence, "cuts" | "source">,
  random: number,
  native: boolean,
): Similarity {
  const last = cuts.at(-1)!.accuracy;
  const early = bestEarly(cuts);
  const values: readonly (readonly [SimilarityVote["name"], number | undefined])[] = [
    ["depth", early && savedError(last, early.accuracy)],
    ["lift", savedError(last, random)],
    ["confidence", native ? source?.confidence : undefined],
  ];
  const votes = values.flatMap(([name, value]): SimilarityVote[] => {
    if (value === undefined) return [];
    const threshold = thresholds[name];
    return [{ name, value, threshold, says: value >= threshold ? "similar" : "different" }];
  });
  const similar = votes.filter(({ says }) => says === "similar").length;
  return {
    verdict: 2 * similar > votes.length ? "similar" : "different",
    votes,
    unanimous: similar === 0 || similar === votes.length,
  };
}

/** The best probe at half depth or before. */
export const bestEarly = (cuts: NetworkEvidence["cuts"]): NetworkEvidence["cuts"][number] | undefined =>
  cuts
    .filter(({ depth }) => depth <= HALF)
    .reduce<NetworkEvidence["cuts"][number] | undefined>((a, b) => (a && a.accuracy >= b.accuracy ? a : b), undefined);

/** The share of the error of `from` that `to` does not make, from -1 to 1; near no error a picture more or less says little. */
const savedError = (to: number, from: number): number => Math.max(-1, (to - from) / Math.max(1 - from, LEAST_ERROR));
