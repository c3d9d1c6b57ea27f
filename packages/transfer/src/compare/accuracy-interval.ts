/**
 * How far the accuracy of a way to train can be trusted, and the difference of two, measured over seeds on the same pictures.
 * Two things are drawn at random and both count: what a seed decides, and which pictures were measured on.
 *
 *   accuracy     seeds      t s / sqrt(k), Student's interval of the mean over k seeds with deviation s
 *                pictures   Wilson's interval of the mean accuracy on n pictures
 *                both       distances from the mean, squared and added, at each end
 *   difference   seeds      t s / sqrt(k) of the k differences of runs with the same seed
 *                pictures   z sqrt(v / n), v the variance over pictures of (share of seeds with a right) - (the same of b), after half
 *                           a picture was added to each of the four outcomes
 *                both       square root of the sum of squares
 *
 * With one seed only the pictures count. Where each seed draws a split of its own, n is the number of different pictures, and chance
 * in the split counts on both sides: the interval is then rather too wide than too narrow.
 *
 * Source   adding squared distances is Newcombe 1998; half pictures are Agresti and Min 2005
 */
import { check } from "@tlx/kernels";
import { normalQuantile } from "../metrics/normal-quantile.js";
import { DEFAULT_LEVEL, type Interval, wilsonInterval } from "../metrics/wilson-interval.js";
import { confidenceInterval, deviationOf, meanOf } from "./confidence.js";

/** What one training named right: by picture, of those it was measured on. */
export interface Outcome {
  readonly seed: number;
  readonly right: ReadonlyMap<string, boolean>;
}

/** A mean over seeds with what makes it uncertain; shares of 1. */
export interface SeededInterval extends Interval {
  readonly mean: number;
  /** Of the seeds; null for a single one. */
  readonly deviation: number | null;
  readonly seeds: number;
  /** Different pictures that were measured on. */
  readonly pictures: number;
  /** Half the width of the interval if only seeds were random; null for a single one. */
  readonly marginOfSeeds: number | null;
  /** The same for pictures. */
  readonly marginOfPictures: number;
}

const z = normalQuantile((1 + DEFAULT_LEVEL) / 2);

const accuracyOf = ({ right }: Outcome): number => {
  const all = [...right.values()];
  return all.filter(Boolean).length / all.length;
};

/** Throws E_USAGE without outcomes, or for one without pictures. */
export function accuracyInterval(outcomes: readonly Outcome[]): SeededInterval {
  checkOutcomes(outcomes);
  const values = outcomes.map(accuracyOf);
  const mean = meanOf(values);
  const pictures = new Set(outcomes.flatMap(({ right }) => [...right.keys()])).size;
  const wilson = wilsonInterval(mean * pictures, pictures)!;
  const marginOfSeeds = values.length > 1 ? confidenceInterval(values).margin : null;
  return {
    ...{ mean, seeds: values.length, pictures, deviation: values.length > 1 ? deviationOf(values) : null },
    ...{ marginOfSeeds, marginOfPictures: (wilson.high - wilson.low) / 2 },
    low: Math.max(0, mean - Math.hypot(marginOfSeeds ?? 0, mean - wilson.low)),
    high: Math.min(1, mean + Math.hypot(marginOfSeeds ?? 0, wilson.high - mean)),
  };
}

/**
 * Of `a` above `b`, over the seeds that both have; a positive mean is in favour of `a`. Undefined where they have none in common.
 * Throws E_USAGE for outcomes of one seed on different pictures.
 */
export function differenceInterval(a: readonly Outcome[], b: readonly Outcome[]): SeededInterval | undefined {
  const pairs = a.flatMap((one) => {
    const other = b.find(({ seed }) => seed === one.seed);
    return other ? [[one, other] as const] : [];
  });
  if (pairs.length === 0) return undefined;
  const found = new Map<string, number[]>();
  for (const [one, other] of pairs) {
    check(
      one.right.size === other.right.size && [...one.right.keys()].every((picture) => other.right.has(picture)),
      "E_USAGE",
      () => `difference: expected both to be measured on the same pictures, found others for seed ${one.seed}`,
    );
    for (const [picture, isRight] of one.right) {
      const differences = found.get(picture) ?? [];
      differences.push(Number(isRight) - Number(other.right.get(picture)));
      found.set(picture, differences);
    }
  }
  const values = pairs.map(([one, other]) => accuracyOf(one) - accuracyOf(other));
  const mean = meanOf(values);
  // Half a picture each of: both right, both wrong, only a, only b.
  const weighted = [...[...found.values()].map((d) => [meanOf(d), 1]), [0, 1], [1, 0.5], [-1, 0.5]] as [
    number,
    number,
  ][];
  const weight = found.size + 2;
  const centre = weighted.reduce((sum, [d, w]) => sum + w * d, 0) / weight;
  const variance = weighted.reduce((sum, [d, w]) => sum + w * (d - centre) ** 2, 0) / weight;
  const marginOfPictures = z * Math.sqrt(variance / weight);
  const marginOfSeeds = values.length > 1 ? confidenceInterval(values).margin : null;
  const margin = Math.hypot(marginOfSeeds ?? 0, marginOfPictures);
  return {
    ...{ mean, seeds: values.length, pictures: found.size, deviation: values.length > 1 ? deviationOf(values) : null },
    ...{ marginOfSeeds, marginOfPictures, low: Math.max(-1, mean - margin), high: Math.min(1, mean + margin) },
  };
}

function checkOutcomes(outcomes: readonly Outcome[]): void {
  check(
    outcomes.length > 0 && outcomes.every(({ right }) => right.size > 0),
    "E_USAGE",
    () => "accuracy: expected one or more trainings measured on one or more pictures, found none",
  );
}
