import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceFlatten: Reference<NoParams> = (inputs) => {
  const y: number[] = [];
  for (const x of inputs) {
    for (const v of x) y.push(v);
    while (y.length % 64 !== 0) y.push(0);
  }
  return [Float64Array.from(y)];
};
