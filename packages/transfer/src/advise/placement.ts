/**
 * The place of a set in the matrix of size and similarity, and the rule that is usually given for it.
 *
 *            similar                          different
 *   large    fine-tune                        fine-tune everything, or train from scratch
 *   small    a new head on frozen features    contested: layers near the input, or a small head on early features
 *
 * Source   the table: Razavian et al. 2014 and the lecture notes of Stanford's CS231n; that its fourth cell is contested: the first
 *          unfreezes more layers, the second cuts earlier
 */
import type { CutEvidence, NetworkEvidence } from "../evidence/measure-network.js";
import type { SetSize } from "./set-size.js";
import { bestEarly, type Similarity } from "./similarity.js";

export interface Placement {
  readonly size: SetSize;
  readonly similarity: Similarity;
  /** The usual rule for the cell. */
  readonly rule: string;
  /** Strategies that follow it. */
  readonly ruleStrategies: readonly string[];
  /** What was measured, in sentences: where it agrees with the cell and where not. */
  readonly notes: readonly string[];
}

/** A network by what its cuts know. */
export interface CutNetwork {
  readonly model: string;
  readonly evidence: Pick<NetworkEvidence, "cuts">;
}

const rules: Readonly<
  Record<`${SetSize["verdict"]} ${Similarity["verdict"]}`, readonly [rule: string, strategies: readonly string[]]>
> = {
  "large similar": [
    "fine-tune: there are pictures enough to move pretrained layers without forgetting",
    ["last:3", "all"],
  ],
  "large different": [
    "fine-tune everything, or train from scratch: early knowledge helps, late knowledge does not",
    ["all", "scratch"],
  ],
  "small similar": [
    "feature extraction: a new head on the frozen network, since few pictures would only disturb it",
    ["head"],
  ],
  "small different": [
    "contested: some say to train layers near the input, others to put a small head on early features",
    ["last:3", "all"],
  ],
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const points = (share: number): string => `${share < 0 ? "-" : "+"}${(100 * Math.abs(share)).toFixed(1)} points`;

export function placeSet(size: SetSize, similarity: Similarity, networks: readonly CutNetwork[]): Placement {
  const [rule, ruleStrategies] = rules[`${size.verdict} ${similarity.verdict}`];
  return {
    size,
    similarity,
    rule,
    ruleStrategies,
    notes: [...noteSize(size), ...noteVotes(similarity), ...noteCuts(networks, size, similarity)],
  };
}

function noteSize({ verdict, perClass, gainOfTwice, agrees }: SetSize): string[] {
  const twice = `twice the pictures would bring ${points(gainOfTwice)}`;
  if (agrees) return [`size: ${perClass} pictures of the median class, and ${twice}: ${verdict}`];
  const curve = verdict === "small" ? "more would not help a linear probe much" : "more would still help";
  return [`size: ${perClass} pictures of the median class make it ${verdict}, though ${curve}: ${twice}`];
}

const meanings = {
  depth: "late layers over early ones",
  lift: "pretrained over random weights",
  confidence: "confidence of the source classifier",
} as const;

function noteVotes({ votes, unanimous, verdict }: Similarity): string[] {
  const list = votes.map(({ name, value, says }) => `${meanings[name]} ${value.toFixed(2)} (${says})`).join(", ");
  const tied = 2 * votes.filter(({ says }) => says === verdict).length === votes.length;
  const told = unanimous ? "all agree" : tied ? `they are tied, which counts as ${verdict}` : `most say ${verdict}`;
  return [`similarity: ${list}: ${told}`];
}

/** In the contested cell, what the cuts of every network say to the two rules. */
function noteCuts(networks: readonly CutNetwork[], size: SetSize, similarity: Similarity): string[] {
  if (size.verdict !== "small" || similarity.verdict !== "different") return [];
  return networks.flatMap(({ model, evidence: { cuts } }) => {
    const early = bestEarly(cuts);
    return early ? [noteEarly(model, early, cuts.at(-1)!)] : [];
  });
}

function noteEarly(model: string, early: CutEvidence, last: CutEvidence): string {
  const gap = early.accuracy - last.accuracy;
  const noise = Math.max(early.standardError, last.standardError);
  const told = `cuts of ${model}: ${early.name} gives ${percent(early.accuracy)}, the last one ${percent(last.accuracy)}`;
  if (gap > noise) return `${told}: a head on early features would do better, so late layers have to learn anew`;
  if (gap < -noise) return `${told}: early features alone do worse, so late layers know something of these pictures`;
  return `${told}: no difference that can be told from chance`;
}
