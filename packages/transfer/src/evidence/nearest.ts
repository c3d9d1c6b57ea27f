/**
 * What neighbours say, each row left out in turn; no training at all.
 *
 *   nearest neighbours   majority of the k rows with the largest cosine, each vote weighed by 1 + its cosine
 *   nearest class mean   the class whose mean, without the row itself, is nearest by Euclidean distance
 *
 * Shapes   rows x width -> share of rows named right
 * Source   Cover and Hart 1967; Mensink et al. 2013 (class means)
 */
import { type LabelledFeatures, rowsOf } from "./feature-matrix.js";
import { largestAt } from "./linear-probe.js";
import { productsOf, scaleFeatures } from "./reduce-features.js";

export interface NearestResult {
  readonly neighbours: number;
  readonly classMean: number;
}

const NEIGHBOURS = 5;

export function measureNearest(features: LabelledFeatures, k: number = NEIGHBOURS): NearestResult {
  const rows = rowsOf(features);
  const products = productsOf(scaleFeatures(features), rows, features.width);
  return { neighbours: byNeighbours(products, features, k), classMean: byClassMean(products, features) };
}

type Labelled = Pick<LabelledFeatures, "labels" | "classes">;

function byNeighbours(products: Float64Array, { labels, classes }: Labelled, k: number): number {
  const rows = labels.length;
  const lengths = Float64Array.from({ length: rows }, (_, i) => Math.sqrt(products[i * rows + i]!) || 1);
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const cosine = (j: number): number => products[i * rows + j]! / (lengths[i]! * lengths[j]!);
    const others = Array.from({ length: rows }, (_, j) => j).filter((j) => j !== i);
    others.sort((a, b) => cosine(b) - cosine(a));
    const votes = new Float64Array(classes);
    for (const j of others.slice(0, k)) votes[labels[j]!]! += 1 + cosine(j);
    if (largestAt(votes, 0, classes) === labels[i]) right++;
  }
  return right / rows;
}

/**
 * |x - m|^2 = x.x - 2 x.m + m.m from inner products of rows: with S the sum of a class and n its rows, x.S and S.S; leaving x out
 * takes it from both.
 */
function byClassMean(products: Float64Array, { labels, classes }: Labelled): number {
  const rows = labels.length;
  const counts = new Float64Array(classes);
  const withSums = new Float64Array(rows * classes);
  for (let i = 0; i < rows; i++) {
    counts[labels[i]!]! += 1;
    for (let j = 0; j < rows; j++) withSums[i * classes + labels[j]!]! += products[i * rows + j]!;
  }
  const squares = new Float64Array(classes);
  for (let i = 0; i < rows; i++) squares[labels[i]!]! += withSums[i * classes + labels[i]!]!;
  let right = 0;
  const nearness = new Float64Array(classes);
  for (let i = 0; i < rows; i++) {
    const own = products[i * rows + i]!;
    for (let c = 0; c < classes; c++) {
      const isOwn = labels[i] === c;
      const count = counts[c]! - (isOwn ? 1 : 0);
      const along = withSums[i * classes + c]! - (isOwn ? own : 0);
      const square = isOwn ? squares[c]! - 2 * withSums[i * classes + c]! + own : squares[c]!;
      nearness[c] = count > 0 ? (2 * along) / count - square / count ** 2 : Number.NEGATIVE_INFINITY;
    }
    if (largestAt(nearness, 0, classes) === labels[i]) right++;
  }
  return right / rows;
}
