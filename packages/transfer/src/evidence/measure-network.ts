/**
 * All that is measured of one network on one set of pictures, from its features at every cut.
 *
 * Rows   what grows with the square of their number looks at `MOST_ROWS` of them at most, LogME at `MOST_EVIDENCE_ROWS`; they are
 *        drawn by class and seed, `LEAST_ROWS` of each or all there are: a rare class must not lose what is needed to leave some out
 */
import type { ExtractedCut, ExtractedEvidence } from "./extract-evidence.js";
import { type LabelledFeatures, rowsOf, takeRows } from "./feature-matrix.js";
import { type LearningCurve, measureCurve } from "./learning-curve.js";
import { type ProbeResult, probeReduced } from "./linear-probe.js";
import { logMe } from "./log-me.js";
import { measureNearest, type NearestResult } from "./nearest.js";
import { reduceFeatures } from "./reduce-features.js";
import { measureConfidence, type SourceConfidence } from "./source-confidence.js";
import { stratifiedShare } from "./stratified.js";

export interface CutEvidence {
  readonly name: string;
  readonly depth: number;
  readonly width: number;
  readonly accuracy: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

export interface NetworkEvidence {
  /** From the input to the head; the last one is what a head reads. */
  readonly cuts: readonly CutEvidence[];
  /** Of the last cut. */
  readonly probe: ProbeResult;
  readonly curve: LearningCurve;
  readonly nearest: NearestResult;
  readonly logMe: number;
  /** Undefined where the weights come without a classifier. */
  readonly source: SourceConfidence | undefined;
  /** Rows that were looked at, of those there are. */
  readonly rows: number;
}

const MOST_ROWS = 1000;
const MOST_EVIDENCE_ROWS = 300;
const LEAST_ROWS = 5;

export interface MeasureOptions {
  readonly seed?: number;
  readonly folds?: number;
  /** Awaited between parts, so that whoever waits can be served. */
  readonly pause?: () => Promise<void>;
}

export async function measureNetwork(
  { cuts, logits }: Pick<ExtractedEvidence, "cuts" | "logits">,
  sourceClasses: number,
  { seed = 1, folds = 5, pause = async () => {} }: MeasureOptions = {},
): Promise<NetworkEvidence> {
  const last = draw((cuts.at(-1) as ExtractedCut).features, MOST_ROWS, seed);
  const reduced = reduceFeatures(last);
  const probe = probeReduced(last, reduced, { seed, folds });
  await pause();
  const { penalty } = probe;
  const curve = measureCurve(last, reduced, probe, { penalty, seed, folds });
  await pause();
  const early = await probeCuts(cuts.slice(0, -1), [penalty], { seed, folds, pause });
  return {
    ...{ cuts: [...early, summarize(cuts.at(-1) as ExtractedCut, probe)], probe, curve, nearest: measureNearest(last) },
    logMe: logMe(draw(last, MOST_EVIDENCE_ROWS, seed)),
    source: logits && measureConfidence(logits, sourceClasses),
    rows: rowsOf(last),
  };
}

/** The probe at every cut, with the best of `penalties`. */
export async function probeCuts(
  cuts: readonly ExtractedCut[],
  penalties: readonly number[],
  { seed = 1, folds = 5, pause = async () => {} }: MeasureOptions = {},
): Promise<CutEvidence[]> {
  const measured: CutEvidence[] = [];
  for (const cut of cuts) {
    const own = draw(cut.features, MOST_ROWS, seed);
    measured.push(summarize(cut, probeReduced(own, reduceFeatures(own), { seed, folds, penalties })));
    await pause();
  }
  return measured;
}

const summarize = (
  { name, depth, width }: ExtractedCut,
  { accuracy, standardError, interval }: ProbeResult,
): CutEvidence => ({ name, depth, width, accuracy, standardError, low: interval.low, high: interval.high });

/** Rows of every class by its share, about `most` in all. */
function draw(features: LabelledFeatures, most: number, seed: number): LabelledFeatures {
  const rows = rowsOf(features);
  if (rows <= most) return features;
  const { labels, classes } = features;
  return takeRows(features, stratifiedShare([...Array(rows).keys()], labels, classes, most / rows, seed, LEAST_ROWS));
}
