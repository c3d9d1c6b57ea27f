/**
 * Accuracy of a linear probe when it learns from a part of the pictures: every fold is measured by models of 25, 50, 75 and 100 %
 * of the others. Smaller parts lie in larger ones, every class keeps its share, and parts are drawn again for every repeat.
 *
 * Throws   E_DATA as the probe does
 * Source   the curve: Cortes et al. 1994
 */
import type { LabelledFeatures } from "./feature-matrix.js";
import { countFolds, largestAt, type ProbeResult } from "./linear-probe.js";
import { fitLogistic, predictLogistic } from "./logistic.js";
import { errorAt, fitPowerLaw, type PowerLaw } from "./power-law.js";
import type { ReducedFeatures } from "./reduce-features.js";
import { errorOfShare } from "./standard-error.js";
import { stratifiedFolds, stratifiedShare } from "./stratified.js";

export interface LearningPoint {
  readonly share: number;
  /** Pictures learnt from, the mean over folds. */
  readonly pictures: number;
  readonly accuracy: number;
  readonly standardError: number;
}

export interface LearningCurve {
  readonly points: readonly LearningPoint[];
  readonly law: PowerLaw;
  /** Gain in accuracy from twice all pictures, by the law. */
  readonly gainOfTwice: number;
}

export interface CurveOptions {
  readonly penalty: number;
  readonly folds?: number;
  readonly seed?: number;
  readonly repeats?: number;
}

/** Of the pictures outside of a fold; the whole of them is what the probe itself measures. */
const parts = [0.25, 0.5, 0.75] as const;

/** Above so many, parts are drawn once: more pictures need fewer repeats. */
const MANY_ROWS = 300;

/** `whole` is the probe of all pictures with these folds. */
export function measureCurve(
  { labels, classes }: Pick<LabelledFeatures, "labels" | "classes">,
  reduced: ReducedFeatures,
  whole: Pick<ProbeResult, "accuracy" | "standardError">,
  options: CurveOptions,
): LearningCurve {
  const { penalty, seed = 1, repeats = labels.length > MANY_ROWS ? 1 : 2 } = options;
  const rows = labels.length;
  const folds = countFolds(labels, classes, options.folds ?? 5);
  const right = parts.map(() => 0);
  const learnt = parts.map(() => 0);
  const asked = parts.map(() => 0);
  for (let repeat = 0; repeat < repeats; repeat++) {
    const foldOf = stratifiedFolds(labels, classes, folds, seed + repeat);
    for (let fold = 0; fold < folds; fold++) {
      const inside = [...foldOf.keys()].filter((row) => foldOf[row] !== fold);
      const outside = [...foldOf.keys()].filter((row) => foldOf[row] === fold);
      parts.forEach((share, at) => {
        const part = stratifiedShare(inside, labels, classes, share, seed + repeat * folds + fold);
        const weights = fitLogistic({ ...reduced, labels, classes, rows: part, penalty });
        learnt[at]! += part.length / (folds * repeats);
        asked[at]! += outside.length;
        for (const row of outside) {
          if (largestAt(predictLogistic(weights, { ...reduced, classes }, row), 0, classes) === labels[row])
            right[at]!++;
        }
      });
    }
  }
  const measured = parts.map((share, at): LearningPoint => {
    const accuracy = right[at]! / asked[at]!;
    return { share, pictures: learnt[at]!, accuracy, standardError: errorOfShare(accuracy, rows) };
  });
  const points = [...measured, { share: 1, pictures: (rows * (folds - 1)) / folds, ...pick(whole) }];
  const law = fitPowerLaw(
    points.map(({ pictures, accuracy, standardError }) => ({
      ...{ count: pictures, error: 1 - accuracy, deviation: standardError },
    })),
  );
  return { points, law, gainOfTwice: errorAt(law, rows) - errorAt(law, 2 * rows) };
}

const pick = ({ accuracy, standardError }: Pick<ProbeResult, "accuracy" | "standardError">) => ({
  accuracy,
  standardError,
});
