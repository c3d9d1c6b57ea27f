import type { NoParams } from "../../op.js";
import { curves } from "../../testing/curves.js";
import type { Reference } from "../../testing/record.js";
import type { MatmulParams } from "./op.js";

type Matrix = readonly Float64Array[];

const rowsOf = (values: Float64Array, shape: readonly number[]): Matrix =>
  Array.from({ length: shape[0]! }, (_, i) => values.subarray(i * shape[1]!, (i + 1) * shape[1]!));

const transpose = (a: Matrix): Matrix => Array.from(a[0]!, (_, j) => Float64Array.from(a, (row) => row[j]!));

function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => {
    const y = new Float64Array(b[0]!.length);
    row.forEach((v, k) => {
      const other = b[k]!;
      for (let j = 0; j < y.length; j++) y[j]! += v * other[j]!;
    });
    return y;
  });
}

const flatten = (a: Matrix): Float64Array => Float64Array.from(a.flatMap((row) => [...row]));

export const referenceMatmul: Reference<MatmulParams> = ([a, b, bias], { inputs, params }) => {
  const y = multiply(rowsOf(a!, inputs[0]!.shape), rowsOf(b!, inputs[1]!.shape));
  const { activation } = params;
  const top = activation === "relu6" ? 6 : Number.POSITIVE_INFINITY;
  const activate = (v: number): number => {
    if (typeof activation === "object") return curves[activation.name]!(v);
    return activation === "none" ? v : Math.min(Math.max(v, 0), top);
  };
  return [flatten(y.map((row) => row.map((v, j) => activate(v + (bias?.[j] ?? 0)))))];
};

export const referenceMatmulTransposeA: Reference<NoParams> = ([a, b], { inputs }) => [
  flatten(multiply(transpose(rowsOf(a!, inputs[0]!.shape)), rowsOf(b!, inputs[1]!.shape))),
];

export const referenceMatmulTransposeB: Reference<NoParams> = ([a, b], { inputs }) => [
  flatten(multiply(rowsOf(a!, inputs[0]!.shape), transpose(rowsOf(b!, inputs[1]!.shape)))),
];
