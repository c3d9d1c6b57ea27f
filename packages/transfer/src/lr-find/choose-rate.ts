/**
 * The rate to suggest, from how whole trainings did on pictures that they did not see, and from the range test where these few
 * pictures cannot tell.
 *
 * Formula  score = (a[i-1] + 2 a[i] + a[i+1]) / 4 - 0.02 min(loss[i], 50) - trust e |i - s|, the highest one is chosen;
 *          a the accuracy, at the ends of the ladder its own in place of a neighbour's; s the place that the range test points at;
 *          e = sqrt(p (1 - p) / n) the standard error of the highest accuracy on n pictures, p = (a n + 1) / (n + 2).
 *          With the metric "loss" the lowest loss is chosen
 */
import type { TrainSettings } from "../train/settings.js";
import { nearestRung } from "./rate-ladder.js";
import type { Trial } from "./run-trial.js";

/** The trials at one rate, taken together. */
export interface RateScore {
  readonly rate: number;
  /** Pictures that were held out, over all trials. */
  readonly pictures: number;
  /** Share of them named right. */
  readonly accuracy: number;
  /** Mean loss of a picture, in nats. Infinite where a trial diverged. */
  readonly loss: number;
}

/** One score for each rate, the lowest rate first. */
export function scoreRates(trials: readonly Trial[]): RateScore[] {
  const rates = [...new Set(trials.map((t) => t.rate))].sort((a, b) => a - b);
  return rates.map((rate) => {
    const own = trials.filter((t) => t.rate === rate);
    const pictures = own.reduce((sum, t) => sum + t.pictures, 0);
    const mean = (of: (t: Trial) => number): number => own.reduce((sum, t) => sum + of(t) * t.pictures, 0) / pictures;
    return { rate, pictures, accuracy: mean((t) => t.accuracy), loss: mean((t) => t.loss) };
  });
}

/** Those whose accuracy is within a standard error of the highest. */
export function equalScores(scores: readonly RateScore[]): RateScore[] {
  const most = Math.max(...scores.map(({ accuracy }) => accuracy));
  return scores.filter(({ accuracy }) => accuracy >= most - errorOf(scores));
}

/** Standard error of the highest accuracy; not 0 where all was named right. */
function errorOf(scores: readonly RateScore[]): number {
  const { accuracy, pictures } = scores.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const share = (accuracy * pictures + 1) / (pictures + 2);
  return Math.sqrt((share * (1 - share)) / pictures);
}

export interface ChoiceOptions {
  readonly metric: TrainSettings["metric"];
  /** The rate that the range test points at. */
  readonly expected: number;
  /** Standard errors that a place on the ladder away from it must be better by. */
  readonly trust: number;
}

const LOSS_SHARE = 0.02;
const MOST_LOSS = 50;

/** The best of one or more scores, the lowest rate first. */
export function chooseRate(scores: readonly RateScore[], { metric, expected, trust }: ChoiceOptions): RateScore {
  if (metric === "loss") return scores.reduce((a, b) => (b.loss < a.loss ? b : a));
  const error = errorOf(scores);
  const place = nearestRung(expected);
  const judge = (score: RateScore, i: number): number => {
    const [before, after] = [scores[i - 1] ?? score, scores[i + 1] ?? score];
    const accuracy = (before.accuracy + 2 * score.accuracy + after.accuracy) / 4;
    const away = Math.abs(nearestRung(score.rate) - place);
    return accuracy - LOSS_SHARE * Math.min(score.loss, MOST_LOSS) - trust * error * away;
  };
  const judged = scores.map(judge);
  return scores[judged.indexOf(Math.max(...judged))]!;
}
