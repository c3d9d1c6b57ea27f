import { checkFeatures, type LabelledFeatures } from "../evidence/feature-matrix.js";
import { probeReduced } from "../evidence/linear-probe.js";
import { reduceFeatures } from "../evidence/reduce-features.js";
import { splitRows } from "../metrics/split-rows.js";
import { findSuspects, type Suspects } from "./find-suspects.js";

/** Above what is best for accuracy: a model that bends less follows fewer wrong labels. */
const PENALTY = 1e-2;
/** How the rows were dealt into folds decides less about the mean of some. */
const TIMES = 3;

/**
 * Suspects among pictures of which only features and labels are known, by linear models that have not seen the picture: the
 * mean probabilities of three cross-validations. Throws E_DATA for a class of fewer than two pictures, E_SHAPE for features and
 * labels that do not fit each other.
 */
export function probeSuspects(features: LabelledFeatures, seed = 1): Suspects {
  checkFeatures(features);
  const reduced = reduceFeatures(features);
  const mean = new Float64Array(features.labels.length * features.classes);
  for (let time = 0; time < TIMES; time++) {
    const { probabilities } = probeReduced(features, reduced, { seed: TIMES * seed + time, penalties: [PENALTY] });
    for (const [i, p] of probabilities.entries()) mean[i]! += p / TIMES;
  }
  return findSuspects(splitRows(mean, features.classes), features.labels);
}
