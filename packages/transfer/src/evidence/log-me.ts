/**
 * LogME: the logarithm of the evidence of a Bayesian linear model of the labels on the features, a row's share of it, the mean over
 * classes of one-against-all targets. Larger is better; compare it between networks on one data set only.
 *
 *   A = a I + b F^T F,   m = b A^-1 F^T y
 *   log p(y | F) = n/2 log b + D/2 log a - n/2 log 2 pi - b/2 |F m - y|^2 - a/2 |m|^2 - 1/2 log |A|
 *   a <- g / |m|^2,   b <- (n - g) / |F m - y|^2,   g = sum of b s / (a + b s) over the eigenvalues s of F^T F
 *
 * All of it is in the eigenvalues of the smaller of F F^T and F^T F, and in the share of y along each eigenvector.
 *
 * Shapes   rows x width -> one number
 * Throws   E_SHAPE for labels that do not fit the rows
 * Source   You et al. 2021, LogME, algorithm 1; the fixed point is MacKay's 1992
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { checkFeatures, type LabelledFeatures, rowsOf } from "./feature-matrix.js";
import { productsOf } from "./reduce-features.js";

const MOST_ITERATIONS = 100;
const TOLERANCE = 1e-6;
/** An eigenvalue below this share of the largest one is zero. */
const RANK_TOLERANCE = 1e-10;

export function logMe(features: LabelledFeatures): number {
  checkFeatures(features);
  const { labels, classes } = features;
  const rows = rowsOf(features);
  const { values, along } = decompose(features);
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const target = Float64Array.from({ length: rows }, (_, i) => (labels[i] === c ? 1 : 0));
    sum += evidenceOf(target, values, along(target), features.width) / rows;
  }
  return sum / classes;
}

interface Decomposed {
  /** Eigenvalues of F^T F above zero. */
  readonly values: readonly number[];
  /** Squared share of a target along the left singular vector of each. */
  along(target: Float64Array): number[];
}

function decompose({ data, width }: LabelledFeatures): Decomposed {
  const rows = data.length / width;
  const isWide = width > rows;
  const size = isWide ? rows : width;
  const small = isWide ? productsOf(data, rows, width) : productsOf(transpose(data, rows, width), width, rows);
  const matrix = Matrix.from1DArray(size, size, small);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const largest = Math.max(...realEigenvalues, 0);
  const kept = realEigenvalues.flatMap((value, i) => (value > RANK_TOLERANCE * largest && value > 0 ? [i] : []));
  return {
    values: kept.map((i) => realEigenvalues[i]!),
    along(target) {
      const projected = isWide ? target : multiplyTransposed(data, rows, width, target);
      return kept.map((i) => {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += eigenvectorMatrix.get(k, i) * projected[k]!;
        return isWide ? sum * sum : (sum * sum) / realEigenvalues[i]!;
      });
    },
  };
}

/** Of one target y: `along` holds the squares of its shares along the left singular vectors, `values` the squared singular values. */
function evidenceOf(target: Float64Array, values: readonly number[], along: readonly number[], width: number): number {
  const rows = target.length;
  const square = target.reduce((sum, y) => sum + y * y, 0);
  const outside = Math.max(0, square - along.reduce((a, b) => a + b, 0));
  let a = 1;
  let b = 1;
  const solve = () => {
    let [gamma, weights, residual] = [0, 0, outside];
    values.forEach((s, i) => {
      const share = a + b * s;
      gamma += (b * s) / share;
      weights += (b * b * s * along[i]!) / share ** 2;
      residual += along[i]! * (a / share) ** 2;
    });
    const least = (value: number): number => Math.max(value, 1e-12);
    return { gamma: least(gamma), weights: least(weights), residual: least(residual) };
  };
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const { gamma, weights, residual } = solve();
    const before = a / b;
    a = gamma / weights;
    b = Math.max(rows - gamma, 1e-12) / residual;
    if (Math.abs(a / b - before) <= TOLERANCE * before) break;
  }
  const { weights, residual } = solve();
  const determinant = values.reduce((sum, s) => sum + Math.log(a + b * s), (width - values.length) * Math.log(a));
  return (
    0.5 * (width * Math.log(a) + rows * Math.log(b) - rows * Math.log(2 * Math.PI)) -
    0.5 * (b * residual + a * weights + determinant)
  );
}

function transpose(data: LabelledFeatures["data"], rows: number, width: number): Float64Array {
  const turned = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < width; k++) turned[k * rows + i] = data[i * width + k]!;
  return turned;
}

/** F^T y */
function multiplyTransposed(
  data: LabelledFeatures["data"],
  rows: number,
  width: number,
  y: Float64Array,
): Float64Array {
  const product = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    if (y[i] === 0) continue;
    for (let k = 0; k < width; k++) product[k]! += y[i]! * data[i * width + k]!;
  }
  return product;
}
