/**
 * Which network, and what of it should learn: measured on frozen features, predicted for every way to train, and chosen.
 *
 * Only training pictures are looked at; those to measure on count by their number. Nothing is trained but linear probes.
 *
 * Throws   E_DATA for a class of fewer than two pictures, and what the trainer throws for pictures and weights that cannot be used
 */
import { check, type Gpu } from "@tlx/kernels";
import { SCRATCH, type Way } from "../compare/comparison.js";
import type { Sample } from "../data/dataset.js";
import { buildEvidenceNetwork } from "../evidence/evidence-graph.js";
import { type ExtractedEvidence, extractEvidence } from "../evidence/extract-evidence.js";
import { type CutEvidence, measureNetwork, type NetworkEvidence, probeCuts } from "../evidence/measure-network.js";
import { withInputSize } from "../models/input-size.js";
import type { Model } from "../models/model.js";
import { findModel } from "../models/registry.js";
import { findSuspects } from "../suspects/find-suspects.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import type { OpenFeatures, PictureSource } from "../train/extract-features.js";
import { defaultTrainSettings, type TrainSettings } from "../train/settings.js";
import { prepareJob } from "../train/train.js";
import type { JobInput } from "../train/trainer.js";
import type { Checkpoint } from "../weights/safetensors.js";
import { forecastSeconds, type Speed } from "./forecast-time.js";
import { measureDecoding, measurePass } from "./measure-speed.js";
import { type Placement, placeSet } from "./placement.js";
import { type PredictedAccuracy, type PredictInput, predictWay } from "./predict-way.js";
import { judgeSize } from "./set-size.js";
import { judgeSimilarity, type Similarity } from "./similarity.js";
import { type MeasuringEvent, TRIAL_FOLDS, type TriedWay, tryWays } from "./try-ways.js";

/** A pretrained network that could be used. */
export interface Candidate {
  readonly model: Model;
  readonly checkpoint: Checkpoint;
}

export interface AdviseInput {
  readonly gpu: Gpu;
  readonly candidates: readonly Candidate[];
  readonly classes: readonly string[];
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  /** Are those of `val` a folder of their own, or drawn from all pictures? */
  readonly ownVal: boolean;
  readonly pictures: PictureSource;
  readonly openFeatures: OpenFeatures;
  /** What the training will have in common with its default. */
  readonly settings: Partial<TrainSettings>;
  /** Ways that are weighed. Default: `adviseStrategies`. */
  readonly strategies?: readonly string[];
  /** Seconds that may go into trials of the ways of the best network. Default 0. */
  readonly trialSeconds?: number;
  readonly signal?: AbortSignal;
}

export const adviseStrategies: readonly string[] = [SCRATCH, "head", "last:1", "last:3", "all"];

export interface PredictedWay extends Way, PredictedAccuracy {
  readonly seconds: number;
  /** What a trial on the training pictures gave; null without one. */
  readonly tried: TriedWay | null;
}

/** What was measured of one network. */
export interface MeasuredModel {
  readonly model: string;
  readonly inputSize: number;
  readonly evidence: NetworkEvidence;
  readonly similarity: Similarity;
  readonly speed: Speed;
}

export interface SuspectLabel {
  readonly file: string;
  readonly label: number;
  readonly suggested: number;
  /** Probability of the label less that of the suggested class. */
  readonly margin: number;
  readonly confident: boolean;
}

export interface Advice {
  readonly models: readonly MeasuredModel[];
  /** Of a network of random weights, to compare with. */
  readonly random: { readonly model: string; readonly cuts: readonly CutEvidence[]; readonly accuracy: number };
  /** By the network whose probe is best. */
  readonly placement: Placement & { readonly model: string };
  /** The most accurate first. */
  readonly ways: readonly PredictedWay[];
  readonly chosen: PredictedWay;
  /** Why, in three sentences. */
  readonly reasons: readonly string[];
  /** The tenth of the training pictures with the most suspect labels, and how many may be wrong at most: a weak probe suspects many. */
  readonly suspects: { readonly estimated: number; readonly most: readonly SuspectLabel[] };
}

export type AdviseEvent = FeaturesEvent | SkippedEvent | WarningEvent | MeasuringEvent;

/** Its network at random weights stands for knowing nothing: small, so that it costs little. */
const RANDOM_MODEL = "tlx-nano";
const RANDOM_SEED = 1;
const RANDOM_PENALTIES = [1e-3, 1e-4] as const;
/** Differences in accuracy below this are not worth a longer training. */
const CLOSE = 0.005;
/** Of the pictures, that are listed. */
const SUSPECT_SHARE = 0.1;

const pause = (): Promise<void> => new Promise((resume) => void setTimeout(resume, 0));

export async function* advise(input: AdviseInput): AsyncGenerator<AdviseEvent, Advice> {
  const { gpu, candidates, classes, train, val, pictures, settings, signal } = input;
  const { inputSize = 0, seed = 1 } = settings;
  const counts = classes.map((_, label) => train.filter((sample) => sample.label === label).length);
  const few = counts.findIndex((count) => count < 2);
  check(
    few < 0,
    "E_DATA",
    () =>
      `advise: expected two or more training pictures of every class, to measure one by the others, found ${counts[few]} of "${classes[few]}"; add some`,
  );
  const decodeMs = await measureDecoding(pictures, train);

  const wait = async (): Promise<void> => {
    await pause();
    signal?.throwIfAborted();
  };
  const look = async function* (model: Model, checkpoint: Checkpoint | "none", note: string) {
    const batch = settings.extractBatch ?? defaultTrainSettings.extractBatch;
    const network = buildEvidenceNetwork(model, checkpoint, batch, RANDOM_SEED);
    const extracted = yield* extractEvidence({
      ...{ gpu, model, network, samples: train, classes: classes.length, pictures, batch, note },
      openFeatures: input.openFeatures,
      ...(signal && { signal }),
    });
    yield { type: "measuring", what: note } as const;
    return { network, batch, extracted };
  };

  const random = yield* (async function* (): AsyncGenerator<AdviseEvent, Advice["random"]> {
    const { extracted } = yield* look(findModel(RANDOM_MODEL), "none", `${RANDOM_MODEL} at random weights`);
    const cuts = await probeCuts(extracted.cuts, RANDOM_PENALTIES, { seed, pause: wait });
    return { model: RANDOM_MODEL, cuts, accuracy: Math.max(...cuts.map(({ accuracy }) => accuracy)) };
  })();
  const measure = async function* (named: Model, checkpoint: Checkpoint): AsyncGenerator<AdviseEvent, Looked> {
    const model = withInputSize(named, inputSize);
    const { network, batch, extracted } = yield* look(model, checkpoint, model.name);
    const evidence = await measureNetwork(extracted, network.sourceClasses, { seed, pause: wait });
    const speed = { ...(await measurePass(gpu, network, batch)), decodeMs };
    const native = model.card.inputSize === named.card.inputSize;
    const similarity = judgeSimilarity(evidence, random.accuracy, native);
    return { model: model.name, inputSize: model.card.inputSize, evidence, speed, extracted, similarity };
  };

  const measured: Looked[] = [];
  const weighed: WeighedWay[] = [];
  for (const { model, checkpoint } of candidates) {
    const found = yield* measure(model, checkpoint);
    measured.push(found);
    for (const strategy of input.strategies ?? adviseStrategies) {
      const job: JobInput = {
        ...{ model, classes, train, val, checkpoint: strategy === SCRATCH ? "none" : checkpoint },
        settings: { ...settings, ...(strategy === SCRATCH ? fromNothing : { unfreeze: strategy }) },
      };
      const prepared = prepareJob(job);
      const { epochs, headEpochs, batch, learningRate } = prepared.settings;
      const readable = found.extracted.samples.length;
      const about: PredictInput = {
        ...{ strategy, evidence: found.evidence, random: random.accuracy, classes: classes.length },
        ...{ different: found.similarity.verdict === "different", train: readable, val: val.length, epochs },
        ownVal: input.ownVal,
        steps: ((epochs + headEpochs) * Math.ceil(readable / batch) * learningRate) / defaultTrainSettings.learningRate,
      };
      weighed.push({ candidate: { model, checkpoint }, about, seconds: forecastSeconds(prepared, found.speed) });
      await pause();
    }
  }
  const tried = yield* tryBest(input, weighed);
  const ways = weighed.map(({ candidate: { model }, about, seconds }): PredictedWay => {
    const { strategy } = about;
    const trial = tried.ways.find((way) => tried.model === model && way.strategy === strategy);
    const predicted = predictWay({ ...about, ...(trial && { tried: trial }) });
    return { model: model.name, strategy, ...predicted, seconds, tried: trial ?? null };
  });
  const best = measured.reduce((a, b) => (b.evidence.probe.accuracy > a.evidence.probe.accuracy ? b : a));
  const placed = placeSet(judgeSize(counts, best.evidence.curve), best.similarity, measured);
  const placement = { ...placed, model: best.model };
  const sorted = [...ways].sort((a, b) => b.accuracy - a.accuracy);
  const chosen = chooseWay(sorted);
  return {
    models: measured.map(({ extracted: _, ...rest }) => rest),
    ...{ random, placement, ways: sorted, chosen },
    reasons: explain(chosen, sorted, placement),
    suspects: suspectsOf(best, classes.length),
  };
}

/** A measured network with its features. */
type Looked = MeasuredModel & { readonly extracted: ExtractedEvidence };

/** What a network without weights trains with. */
const fromNothing: Partial<TrainSettings> = { unfreeze: "all", batchNorm: "train" };

interface WeighedWay {
  readonly candidate: Candidate;
  readonly about: PredictInput;
  readonly seconds: number;
}

/** Tries the head and as many other ways of the most promising network as there is time for, the most promising first. */
async function* tryBest(
  input: AdviseInput,
  weighed: readonly WeighedWay[],
): AsyncGenerator<MeasuringEvent, { readonly model?: Model; readonly ways: readonly TriedWay[] }> {
  const { gpu, classes, train, pictures, openFeatures, settings, signal, trialSeconds = 0 } = input;
  const pretrained = weighed
    .filter(({ about }) => about.strategy !== SCRATCH)
    .map((way) => ({ ...way, accuracy: predictWay(way.about).accuracy }))
    .sort((a, b) => b.accuracy - a.accuracy);
  const candidate = pretrained[0]?.candidate;
  const own = pretrained.filter((way) => way.candidate.model === candidate?.model);
  let left = trialSeconds;
  const taken = ["head", ...own.map(({ about }) => about.strategy).filter((name) => name !== "head")].filter((name) => {
    const way = own.find(({ about }) => about.strategy === name);
    const seconds = way ? way.seconds * (TRIAL_FOLDS - 1) : Number.POSITIVE_INFINITY; // each learns from all but one part
    if (seconds > left) return false;
    left -= seconds;
    return true;
  });
  if (!candidate || taken[0] !== "head" || taken.length < 2) return { ways: [] };
  const { model, checkpoint } = candidate;
  const about = { gpu, classes, pictures, openFeatures, settings, model, checkpoint, ...(signal && { signal }) };
  return { model, ways: yield* tryWays(about, train, taken) };
}

/** The quickest of those as good as the best. */
export function chooseWay(ways: readonly PredictedWay[]): PredictedWay {
  const best = ways.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const close = ways.filter(({ accuracy }) => accuracy >= best.accuracy - CLOSE);
  return close.reduce((a, b) => (b.seconds < a.seconds ? b : a));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function explain(chosen: PredictedWay, ways: readonly PredictedWay[], placement: Advice["placement"]): string[] {
  const { size, similarity, rule, ruleStrategies } = placement;
  const other = ways.find((way) => way.model !== chosen.model || way.strategy !== chosen.strategy);
  return [
    `${chosen.strategy} of ${chosen.model} is expected to name ${percent(chosen.accuracy)} right (${percent(chosen.low)} to ${percent(chosen.high)})${other ? `, against ${percent(other.accuracy)} of ${other.strategy} of ${other.model}` : ""}`,
    `the set is ${size.verdict} (${size.perClass} pictures a class) and ${similarity.verdict === "different" ? "unlike" : "like"} what ${placement.model} learned from (${similarity.votes.filter(({ says }) => says === similarity.verdict).length} of ${similarity.votes.length} measurements)`,
    `the usual rule for such a set: ${rule}; ${judgeRule(chosen, ways, ruleStrategies)}`,
  ];
}

/** What the expectations say to the rule. */
function judgeRule(chosen: PredictedWay, ways: readonly PredictedWay[], strategies: readonly string[]): string {
  if (strategies.includes(chosen.strategy)) return `"${chosen.strategy}" follows it`;
  const ruled = ways.find(({ model, strategy }) => model === chosen.model && strategies.includes(strategy));
  if (!ruled) return "no way that follows it was weighed";
  const more = 100 * (ruled.accuracy - chosen.accuracy);
  if (more <= 0) return `${ruled.strategy}, which follows it, is expected to be ${(-more).toFixed(1)} points behind`;
  const times = ruled.seconds / chosen.seconds;
  return `${ruled.strategy}, which follows it, is expected to bring ${more.toFixed(1)} points more, in ${times.toFixed(1)} times the time`;
}

function suspectsOf(
  { evidence: { probe }, extracted }: { readonly evidence: NetworkEvidence; readonly extracted: ExtractedEvidence },
  classes: number,
): Advice["suspects"] {
  const { samples } = extracted;
  // A probe of some of the pictures tells nothing of the others.
  if (probe.foldOf.length !== samples.length) return { estimated: 0, most: [] };
  const rows = samples.map((_, i) => probe.probabilities.subarray(i * classes, (i + 1) * classes));
  const { ranked, estimatedErrors } = findSuspects(
    rows,
    samples.map(({ label }) => label),
  );
  const most = ranked.slice(0, Math.max(1, Math.round(SUSPECT_SHARE * samples.length)));
  return {
    estimated: estimatedErrors,
    most: most.map(({ index, label, suggested, margin, confident }) => ({
      ...{ file: samples[index]!.file, label, suggested, margin, confident },
    })),
  };
}
