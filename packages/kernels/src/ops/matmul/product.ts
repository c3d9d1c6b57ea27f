/** y[i, j] = epilogue(sum over k of a[i * aRow + k * aStep] * b[k * bStep + j * bColumn]), i < m, j < n. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly aRow: number;
  readonly aStep: number;
  readonly bStep: number;
  readonly bColumn: number;
}
