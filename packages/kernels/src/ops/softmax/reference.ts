import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceSoftmax: Reference<NoParams> = ([x], { inputs }) => {
  const columns = inputs[0]!.shape.at(-1)!;
  const y = new Float64Array(x!.length);
  for (let first = 0; first < x!.length; first += columns) {
    const row = x!.subarray(first, first + columns);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((v) => Math.exp(v - largest));
    const sum = powers.reduce((a, b) => a + b);
    y.set(
      powers.map((p) => p / sum),
      first,
    );
  }
  return [y];
};
