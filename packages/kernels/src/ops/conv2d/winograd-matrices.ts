/**
 * Winograd's short convolutions: `tile` x `tile` results of a 3x3 kernel from (tile + 2)^2 products.
 *
 *   y = output * ((weight * g * weight^T) . (input * d * input^T)) * output^T
 *
 * Method   Toom-Cook at the points 0, 1, -1 and infinity for two results, and 0, 3/4, -3/4, 3/2, -3/2 and infinity for four:
 *          there the error is half of that at the usual 0, 1, -1, 2, -2, and all of `input` and `output` is exact.
 * Source   Lavin and Gray 2016, Fast Algorithms for Convolutional Neural Networks; Barabasz et al. 2020, Error Analysis and
 *          Improving the Accuracy of Winograd Convolution for Deep Neural Networks (choice of points)
 */

type Matrix = readonly (readonly number[])[];

export interface WinogradMatrices {
  readonly input: Matrix;
  readonly weight: Matrix;
  readonly output: Matrix;
}

/** By tile. */
export const winogradMatrices: Readonly<Record<number, WinogradMatrices>> = {
  2: {
    input: [
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, -1, 0, 1],
    ],
    weight: [
      [1, 0, 0],
      [1 / 2, 1 / 2, 1 / 2],
      [1 / 2, -1 / 2, 1 / 2],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 0],
      [0, 1, -1, 1],
    ],
  },
  4: {
    input: [
      [81 / 64, 0, -45 / 16, 0, 1, 0],
      [0, -27 / 16, -9 / 4, 3 / 4, 1, 0],
      [0, 27 / 16, -9 / 4, -3 / 4, 1, 0],
      [0, -27 / 32, -9 / 16, 3 / 2, 1, 0],
      [0, 27 / 32, -9 / 16, -3 / 2, 1, 0],
      [0, 81 / 64, 0, -45 / 16, 0, 1],
    ],
    weight: [
      [64 / 81, 0, 0],
      [-128 / 243, -32 / 81, -8 / 27],
      [-128 / 243, 32 / 81, -8 / 27],
      [32 / 243, 16 / 81, 8 / 27],
      [32 / 243, -16 / 81, 8 / 27],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0],
      [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2, 0],
      [0, 9 / 16, 9 / 16, 9 / 4, 9 / 4, 0],
      [0, 27 / 64, -27 / 64, 27 / 8, -27 / 8, 1],
    ],
  },
};

/** WGSL of the sum of factors times values. */
function combine(factors: readonly number[], value: (i: number) => string): string {
  const [first, ...rest] = factors.flatMap((f, i) => (f === 0 ? [] : [{ f, v: value(i) }]));
  // Where a factor is one nothing is rounded, so those come first.
  const start = first!.f === 1 ? first!.v : `${first!.f} * ${first!.v}`;
  return rest.reduce((sum, { f, v }) => (f === 1 ? `${sum} + ${v}` : `fma(${f}, ${v}, ${sum})`), start);
}

/**
 * WGSL that declares `<name><i>_<j>`, the elements of matrix * x * matrix^T, each followed by `after(i, j)`. Column `c` of
 * x is declared by `column(c)` as `<from><r>_<c>`, just before it is used.
 */
export function transformText(
  matrix: Matrix,
  from: string,
  name: string,
  column: (c: number) => string,
  after: (i: number, j: number) => string,
): string {
  const size = matrix[0]!.length;
  const half = Array.from({ length: size }, (_, c) => {
    const rows = matrix.map((row, i) => `  let half${i}_${c} = ${combine(row, (r) => `${from}${r}_${c}`)};\n`);
    return column(c) + rows.join("");
  });
  const whole = matrix.flatMap((_, i) =>
    matrix.map((row, j) => `  let ${name}${i}_${j} = ${combine(row, (c) => `half${i}_${c}`)};\n${after(i, j)}`),
  );
  return half.join("") + whole.join("");
}
