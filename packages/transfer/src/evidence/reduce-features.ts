/**
 * Fewer numbers for the same inner products: what a regularised linear model learns depends on rows only through these.
 *
 *   scaled   x' = (x - mean) / sqrt(mean over rows of |x - mean|^2), so that a penalty means the same for every network
 *   reduced  width > rows: Z with Z Z^T = X' X'^T, the Cholesky factor of the rows' products; else Z = X'
 *
 * Shapes   rows x width -> rows x min(rows, width)
 * Source   the representer theorem: Schoelkopf et al. 2001; labels are not looked at, so folds may share it
 */
import { type LabelledFeatures, rowsOf } from "./feature-matrix.js";

export interface ReducedFeatures {
  readonly data: Float64Array;
  readonly width: number;
}

/** What the factor's diagonal gets to stay above rounding, relative to the largest product of a row with itself. */
const JITTER = 1e-10;

export function reduceFeatures(features: Pick<LabelledFeatures, "data" | "width">): ReducedFeatures {
  const rows = rowsOf(features);
  const scaled = scaleFeatures(features);
  if (features.width <= rows) return { data: scaled, width: features.width };
  return { data: choleskyOf(productsOf(scaled, rows, features.width), rows), width: rows };
}

/** Centred, and divided by the root of the mean squared length of a row. */
export function scaleFeatures({ data, width }: Pick<LabelledFeatures, "data" | "width">): Float64Array {
  const rows = data.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width]! += data[i]! / rows;
  const scaled = new Float64Array(data.length);
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]! - mean[i % width]!;
    scaled[i] = value;
    squares += value * value;
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares / rows) : 0;
  for (let i = 0; i < scaled.length; i++) scaled[i]! *= scale;
  return scaled;
}

/** Inner products of all rows with all: rows x rows. */
export function productsOf(data: Float32Array | Float64Array, rows: number, width: number): Float64Array {
  const products = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, a = i * width, b = j * width; k < width; k++, a++, b++) sum += data[a]! * data[b]!;
      products[i * rows + j] = sum;
      products[j * rows + i] = sum;
    }
  }
  return products;
}

/** The lower triangle L with L L^T = `matrix`, which is positive semi-definite. */
function choleskyOf(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, matrix[i * n + i]!);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0, a = i * n, b = j * n; k < j; k++, a++, b++) sum -= factor[a]! * factor[b]!;
      if (i === j) factor[i * n + i] = Math.sqrt(Math.max(sum, 0) + JITTER * largest);
      else factor[i * n + j] = factor[j * n + j]! > 0 ? sum / factor[j * n + j]! : 0;
    }
  }
  return factor;
}
