import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceSquaredNorm: Reference<NoParams> = ([x]) => [
  Float64Array.of(x!.every(Number.isFinite) ? x!.reduce((sum, v) => sum + v * v, 0) : Number.NaN),
];
