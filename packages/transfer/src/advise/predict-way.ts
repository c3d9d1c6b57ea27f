/**
 * What a way to train is expected to reach on the pictures it is measured on, before anything is trained.
 *
 *   error of head    1 - cross-validated probe, brought from the pictures of its folds to all pictures by the learning curve's law, and
 *                    `shift` where the pictures to measure on are a folder of their own and so may be of another origin
 *   error of tuning  error of head x (1 - g);  g by what learns and by similarity: `gains`, less for fewer than 100 pictures;
 *                    everything can also bring out what an earlier cut knows more than the last one
 *   of scratch       chance + (1 - e^(-epochs / 8)) (1 - e^(-steps / 20)) (best probe of a network of random weights - chance)
 *   unfinished       what is above chance x (1 - 0.4 e^(-steps / 40)), for all that is pretrained: few steps do not get there
 *   bonus            0.3 x standard error of a share on the pictures measured on, since these choose the epoch
 *
 *   interval         1.96 x square root of the sum of squares of the standard errors of the probe, of the pictures measured on, of `shift`,
 *                    and of the gain as it missed on the trainings that it was fitted on
 *
 * Source   probe and transfer: Kornblith et al. 2019; the numbers are fitted on trainings of MobileNetV2 and tlx-nano: docs/advise.md
 */
import type { Way } from "../compare/comparison.js";
import { SCRATCH } from "../compare/comparison.js";
import type { NetworkEvidence } from "../evidence/measure-network.js";
import { errorAt } from "../evidence/power-law.js";
import { errorOfShare } from "../evidence/standard-error.js";
import { normalQuantile } from "../metrics/normal-quantile.js";

export interface PredictedAccuracy {
  readonly accuracy: number;
  /** Where the accuracy on the pictures to measure on lies with 95 %. */
  readonly low: number;
  readonly high: number;
}

export interface PredictInput {
  readonly strategy: Way["strategy"];
  readonly evidence: Pick<NetworkEvidence, "probe" | "curve" | "rows" | "cuts">;
  /** The best probe of an untrained network. */
  readonly random: number;
  readonly classes: number;
  /** Are the pictures unlike those the network learned from? */
  readonly different: boolean;
  /** Pictures to learn from and to measure on. */
  readonly train: number;
  readonly val: number;
  /** Are those to measure on a folder of their own? */
  readonly ownVal: boolean;
  /** Its gain over the head, where it was tried. */
  readonly tried?: { readonly gain: number; readonly deviation: number };
  readonly epochs: number;
  /** Steps of the whole training, in steps of the usual learning rate. */
  readonly steps: number;
}

/** Share of the head's error that tuning more than the head takes away, and how far that was off (standard deviation). */
type Gain = readonly [share: number, deviation: number];
const gains: Readonly<Record<"similar" | "different", Readonly<Record<"one" | "some" | "all", Gain>>>> = {
  similar: { one: [0.01, 0.06], some: [0.09, 0.1], all: [0.06, 0.13] },
  different: { one: [0.01, 0.06], some: [0.09, 0.11], all: [0.15, 0.15] },
};
/** With fewer pictures gains shrink in proportion: nothing was fitted there. */
const FULL_GAIN = 100;

/** Epochs and steps that a start from nothing takes to most of what random features know, and how far that was off, in accuracy. */
const SCRATCH_EPOCHS = 8;
const SCRATCH_STEPS = 20;
const SCRATCH_DEVIATION = 0.09;
/** How far the error is above that of cross-validation, and how far that was off: of a folder of its own, and of pictures drawn from all. */
const shift = { own: [0.02, 0.04], drawn: [0, 0.015] } as const;
const UNFINISHED = 0.4;
const UNFINISHED_STEPS = 40;
const BONUS = 0.3;

const z = normalQuantile(0.975);

export function predictWay(input: PredictInput): PredictedAccuracy {
  const { strategy, evidence, random, classes, train, val, ownVal, epochs, steps } = input;
  const { probe, rows } = evidence;
  const chance = 1 / classes;
  if (strategy === SCRATCH) {
    const learned = (1 - Math.exp(-epochs / SCRATCH_EPOCHS)) * (1 - Math.exp(-steps / SCRATCH_STEPS));
    const expected = chance + learned * Math.max(0, random - chance);
    return around(expected, [SCRATCH_DEVIATION, errorOfShare(random, rows)], val);
  }
  const [moved, missed] = ownVal ? shift.own : shift.drawn;
  const error = Math.min(1 - chance, errorOfHead(evidence, train) + moved);
  const [gain, deviation] = expectGain(input, error);
  const finished = 1 - UNFINISHED * Math.exp(-steps / UNFINISHED_STEPS);
  const reached = Math.max(chance, 1 - error * (1 - gain));
  const expected = chance + (reached - chance) * finished;
  return around(expected, [probe.standardError, missed, error * deviation], val);
}

/** Expected error of a new head that learns from `train` pictures. */
export function errorOfHead(
  { probe, curve, rows }: Pick<PredictInput["evidence"], "probe" | "curve" | "rows">,
  train: number,
): number {
  const measured = rows * (1 - 1 / probe.foldAccuracies.length);
  const gain = errorAt(curve.law, measured) - errorAt(curve.law, train);
  return Math.min(1, Math.max(0.25 / rows, 1 - probe.accuracy - gain));
}

/** Of the way over the head: what others gained, and what was tried, each by its precision. */
function expectGain({ strategy, evidence, different, train, tried }: PredictInput, error: number): Gain {
  const depth = depthOf(strategy);
  if (!depth) return [0, 0];
  const [share, deviation] = gains[different ? "different" : "similar"][depth];
  const buried = depth === "all" ? buriedIn(evidence.cuts) : 0;
  const usual = 1 - (1 - buried / error) * (1 - share * Math.min(1, train / FULL_GAIN));
  if (!tried) return [usual, deviation];
  const [a, b] = [deviation ** -2, tried.deviation ** -2];
  return [(a * usual + b * tried.gain) / (a + b), (a + b) ** -0.5];
}

/** What an earlier cut knows more than the last one, in accuracy, beyond its standard error. */
function buriedIn(cuts: NetworkEvidence["cuts"]): number {
  const last = cuts.at(-1)!;
  return Math.max(0, ...cuts.map(({ accuracy, standardError }) => accuracy - standardError - last.accuracy));
}

/** How much of the network learns besides the head; undefined for nothing. */
function depthOf(strategy: string): "one" | "some" | "all" | undefined {
  if (strategy === "head") return undefined;
  if (strategy === "all") return "all";
  return strategy === "last:1" ? "one" : "some";
}

function around(expected: number, deviations: readonly number[], val: number): PredictedAccuracy {
  const measuring = errorOfShare(expected, val);
  const accuracy = Math.min(1, expected + BONUS * measuring * Math.min(1, 10 * (1 - expected)));
  const margin = z * Math.hypot(measuring, ...deviations);
  return { accuracy, low: Math.max(0, accuracy - margin), high: Math.min(1, accuracy + margin) };
}
